// swift-tools-version: 6.2
import PackageDescription

// Programs that measure; the main package never builds them.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "unlearn-patch", path: "..")],
  targets: [
    .executableTarget(
      name: "engine-benchmark",
      dependencies: [.product(name: "Transformer", package: "unlearn-patch")],
      swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
    .executableTarget(
      name: "file-benchmark",
      dependencies: [
        .product(name: "Safetensors", package: "unlearn-patch"),
        .product(name: "Storage", package: "unlearn-patch"),
      ],
      swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
    .executableTarget(
      name: "ledger-benchmark",
      dependencies: [
        .product(name: "Ledger", package: "unlearn-patch"),
        .product(name: "Attestation", package: "unlearn-patch"),
        .product(name: "Storage", package: "unlearn-patch"),
        .product(name: "StrictJSON", package: "unlearn-patch"),
      ],
      swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
  ],
  swiftLanguageModes: [.v6]
)
