// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors where `CI` is set, so that a newer compiler's warning never stops a user.
let strictness: [SwiftSetting] =
  Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// What every Swift target is built with.
let house: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
  ] + strictness

/// Library targets also mark every unsafe use.
let library: [SwiftSetting] = house + [.strictMemorySafety()]

let package = Package(
  name: "unlearn-patch",
  // Linux is what is tested; macOS should build, and is untested.
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "unlearn-patch", targets: ["unlearn-patch"]),
    .library(name: "Storage", targets: ["Storage"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "Patching", targets: ["Patching"]),
    .library(name: "ModelSigning", targets: ["ModelSigning"]),
    .library(name: "Provenance", targets: ["Provenance"]),
    .library(name: "Ledger", targets: ["Ledger"]),
    .library(name: "Attestation", targets: ["Attestation"]),
    .library(name: "StrictJSON", targets: ["StrictJSON"]),
    .library(name: "Transformer", targets: ["Transformer"]),
    .library(name: "Tokenization", targets: ["Tokenization"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Metrics", targets: ["Metrics"]),
    .library(name: "Evaluation", targets: ["Evaluation"]),
    .library(name: "Unlearning", targets: ["Unlearning"]),
    // Loaded into the tool by tests that stop it at a chosen system call.
    .library(name: "FaultPoints", type: .dynamic, targets: ["CFaultPoints"]),
    // For the fuzzer, a package of its own in `Fuzz`.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // System libraries and C.
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CPCRE2", pkgConfig: "libpcre2-8",
      providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
    // Without pkgConfig, whose flags SwiftPM would complain of; the module map links the library.
    .systemLibrary(
      name: "CUTF8Proc", providers: [.apt(["libutf8proc-dev"]), .brew(["utf8proc"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    // Debian's has no pkg-config file; the module map links the library.
    .systemLibrary(name: "CLibSVM", providers: [.apt(["libsvm-dev"]), .brew(["libsvm"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .target(name: "CStorage"),
    .target(name: "CBLASThreads"),
    .target(name: "CKernels", exclude: ["body.h", "clones.h", "functions.h"]),

    // Bytes.
    .target(name: "Storage", dependencies: ["CStorage"], swiftSettings: library),
    .target(name: "StrictJSON", dependencies: ["Storage"], swiftSettings: library),

    // What is known.
    .target(
      name: "Tokenization", dependencies: ["CPCRE2", "CUTF8Proc", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "Safetensors", dependencies: ["Storage", "StrictJSON"], swiftSettings: library),
    .target(
      name: "Architecture", dependencies: ["Storage", "StrictJSON", "Safetensors"],
      swiftSettings: library),
    .target(
      name: "Attestation", dependencies: ["COpenSSL", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "ModelSigning", dependencies: ["Attestation", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "Claims", dependencies: ["Attestation", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "Ledger",
      dependencies: [
        "Attestation", "Storage", "StrictJSON", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      resources: [
        .embedInCode("Schema/0001-ledger.sql"), .embedInCode("Schema/0002-subjects.sql"),
      ], swiftSettings: library),

    .target(name: "Compute", dependencies: ["COpenBLAS", "CKernels"], swiftSettings: library),
    .target(name: "Metrics", dependencies: ["CLibSVM", "CZlib"], swiftSettings: library),

    // What is done.
    .target(
      name: "Transformer",
      dependencies: ["Compute", "Architecture", "Safetensors", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "Training",
      dependencies: [
        "Transformer", "Tokenization", "Compute", "Architecture", "Attestation", "Safetensors",
        "Storage", "StrictJSON",
      ],
      swiftSettings: library),
    .target(
      name: "Evaluation",
      dependencies: [
        "Training", "Metrics", "Transformer", "Tokenization", "Compute", "Architecture",
        "Attestation", "Storage", "StrictJSON",
      ], swiftSettings: library),
    .target(
      name: "Unlearning",
      dependencies: [
        "Training", "Metrics", "Transformer", "Tokenization", "Compute", "Architecture",
        "Attestation", "Safetensors", "Storage", "StrictJSON",
      ], swiftSettings: library),
    .target(
      name: "Patching",
      dependencies: [
        "CZstd", "Architecture", "Attestation", "Safetensors", "Storage", "StrictJSON",
      ],
      swiftSettings: library),
    .target(
      name: "PatchRecords",
      dependencies: ["Patching", "Ledger", "Attestation", "Storage", "StrictJSON"],
      swiftSettings: library),
    .target(
      name: "Provenance",
      dependencies: [
        "PatchRecords", "Patching", "Ledger", "ModelSigning", "Claims", "Architecture",
        "Attestation", "Safetensors", "Storage", "StrictJSON",
      ],
      swiftSettings: library),
    .target(
      name: "AuditReport",
      dependencies: [
        "PatchRecords", "Patching", "Ledger", "Attestation", "Storage", "StrictJSON",
      ],
      swiftSettings: library),

    .target(
      name: "Witnessing", dependencies: ["CCurl", "Ledger", "Attestation", "Storage"],
      swiftSettings: library),

    // What a person asks for.
    .target(
      name: "Commands",
      dependencies: [
        "AuditReport", "Witnessing", "Provenance", "PatchRecords", "Patching", "Evaluation",
        "Training", "Ledger", "ModelSigning", "Claims", "Architecture", "Attestation", "Compute",
        "Metrics", "Safetensors", "Storage", "StrictJSON", "Tokenization", "Transformer",
        "Unlearning",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: library),
    .executableTarget(
      name: "unlearn-patch", dependencies: ["CBLASThreads", "Commands"], swiftSettings: library),

    // Made-up models for the demo without a network, tests and benchmarks.
    .target(
      name: "SampleModels", dependencies: ["Safetensors", "Storage", "StrictJSON"],
      swiftSettings: library),
    .executableTarget(
      name: "make-checkpoint", dependencies: ["SampleModels"], swiftSettings: library),

    // Invented people, whom a small model learns and unlearns, for the demo and the experiments.
    .target(
      name: "SampleData", dependencies: ["SampleModels", "Storage", "StrictJSON", "Tokenization"],
      swiftSettings: library),
    .executableTarget(
      name: "make-people", dependencies: ["SampleData", "Storage"], swiftSettings: library),

    // Bulk encoding for the comparison with the reference.
    .executableTarget(
      name: "tokenize-lines", dependencies: ["Tokenization", "Storage", "StrictJSON"],
      swiftSettings: library),

    // Verdicts on headers in bulk, for the comparison with the reference.
    .executableTarget(
      name: "judge-headers", dependencies: ["Safetensors", "Storage"], swiftSettings: library),

    // Outputs, gradients and tokens in bulk, for the comparison with PyTorch.
    .executableTarget(
      name: "run-model",
      dependencies: [
        "Transformer", "Tokenization", "Architecture", "Compute", "Safetensors", "Storage",
        "StrictJSON",
      ],
      swiftSettings: library),

    // Tests.
    .target(name: "CFaultPoints", path: "Tests/Support/CFaultPoints"),
    .target(
      name: "TestSupport",
      dependencies: ["Attestation", "Safetensors", "SampleModels", "Storage", "StrictJSON"],
      path: "Tests/Support/TestSupport", swiftSettings: house),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Patching", "Training", "Witnessing", "Ledger", "ModelSigning", "Claims", "Architecture",
        "Attestation", "Safetensors", "SampleModels", "Storage", "StrictJSON", "Tokenization",
        "TestSupport",
      ],
      path: "Tests/Support/FuzzTargets", swiftSettings: house),
    .testTarget(
      name: "FuzzCorpusTests", dependencies: ["FuzzTargets", "Storage"], swiftSettings: house),
    .testTarget(
      name: "StrictJSONTests", dependencies: ["StrictJSON", "Storage"], swiftSettings: house),
    .testTarget(
      name: "TokenizationTests", dependencies: ["Tokenization", "StrictJSON", "Storage"],
      exclude: ["Fixtures", "make-fixtures.py"], swiftSettings: house),
    .testTarget(
      name: "SafetensorsTests",
      dependencies: ["Safetensors", "SampleModels", "Storage", "StrictJSON", "TestSupport"],
      exclude: ["Fixtures", "Vectors", "make-fixtures.py"], swiftSettings: house),
    .testTarget(
      name: "ArchitectureTests",
      dependencies: ["Architecture", "SampleModels", "Safetensors", "StrictJSON", "TestSupport"],
      swiftSettings: house),
    .testTarget(name: "ComputeTests", dependencies: ["Compute"], swiftSettings: house),
    .testTarget(
      name: "MetricsTests", dependencies: ["Metrics", "Storage", "StrictJSON"],
      exclude: ["Fixtures", "make-fixtures.py", "reduce-tofu-logs.py"], swiftSettings: house),
    .testTarget(
      name: "TransformerTests",
      dependencies: [
        "Transformer", "Architecture", "Compute", "Safetensors", "Storage", "StrictJSON",
        "TestSupport",
      ],
      exclude: [
        "Fixtures", "make-fixtures.py", "OptimizerParity/expected.safetensors",
        "OptimizerParity/make-expected.py",
      ], swiftSettings: house),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Transformer", "Tokenization", "Architecture", "Compute", "Safetensors",
        "Storage", "StrictJSON", "TestSupport",
      ], swiftSettings: house),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Training", "Metrics", "Transformer", "Tokenization", "Compute",
        "Architecture", "Safetensors", "Storage", "StrictJSON", "TestSupport",
      ], swiftSettings: house),
    .testTarget(
      name: "UnlearningTests",
      dependencies: [
        "Unlearning", "Training", "Metrics", "Transformer", "Tokenization", "Compute",
        "Architecture", "Safetensors", "Storage", "StrictJSON", "SampleModels", "TestSupport",
      ],
      exclude: [
        "Masks/Fixtures", "Masks/make-fixtures.py", "Methods/Fixtures", "Methods/make-fixtures.py",
      ], swiftSettings: house),
    .testTarget(
      name: "SampleDataTests",
      dependencies: [
        "SampleData", "Training", "Tokenization", "Architecture", "Attestation", "Storage",
        "StrictJSON", "TestSupport",
      ], swiftSettings: house),
    .testTarget(
      name: "AttestationTests", dependencies: ["Attestation", "Storage", "TestSupport"],
      exclude: ["Fixtures", "make-fixtures.sh", "make-note-fixtures.py"], swiftSettings: house),
    .testTarget(
      name: "ModelSigningTests",
      dependencies: ["ModelSigning", "Attestation", "Storage", "StrictJSON", "TestSupport"],
      exclude: ["Fixtures", "make-fixtures.sh"], swiftSettings: house),
    .testTarget(
      name: "ClaimsTests", dependencies: ["Claims", "StrictJSON"],
      swiftSettings: house),
    .testTarget(
      name: "LedgerTests",
      dependencies: [
        "Ledger", "Attestation", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ], exclude: ["Fixtures"], swiftSettings: house),
    .testTarget(
      name: "WitnessingTests",
      dependencies: ["Witnessing", "Ledger", "Attestation", "Storage", "TestSupport"],
      swiftSettings: house),
    .testTarget(
      name: "PatchingTests",
      dependencies: [
        "Patching", "Architecture", "Attestation", "Safetensors", "SampleModels", "Storage",
        "StrictJSON",
        "TestSupport",
      ], swiftSettings: house),
    .testTarget(
      name: "AuditReportTests",
      dependencies: ["AuditReport", "Ledger", "Attestation", "Storage", "StrictJSON"],
      swiftSettings: house),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "Commands", "AuditReport", "Claims", "Provenance", "Ledger", "Attestation",
        "SampleModels", "Storage", "StrictJSON", "TestSupport", "unlearn-patch", "CFaultPoints",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: house),
  ],
  swiftLanguageModes: [.v6]
)
