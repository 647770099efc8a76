// swift-tools-version: 6.2
import PackageDescription

// Programs that make tables of results; the main package never builds them.
let package = Package(
  name: "experiments",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "unlearn-patch", path: "..")],
  targets: [
    .executableTarget(
      name: "people-table",
      dependencies: [
        .product(name: "Evaluation", package: "unlearn-patch"),
        .product(name: "Unlearning", package: "unlearn-patch"),
        .product(name: "Training", package: "unlearn-patch"),
        .product(name: "Metrics", package: "unlearn-patch"),
        .product(name: "Tokenization", package: "unlearn-patch"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
