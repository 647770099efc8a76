import Attestation
import Ledger
import Storage

extension ReportEvidence {
  /// Proofs that leaves are in the log.
  struct LeafProofs: Sendable {
    /// Under the head of the report, by leaf; none where all leaves are there, for they are made from those.
    var underHead: [Int: [Digest]] = [:]
    /// Of leaves that hand the log over: under the head that ends with them and that both keys have signed.
    var handovers: [Int: TransparencyProof] = [:]
  }

  /// The Merkle tree over all leaves.
  struct Tree {
    private var nodes: [MerkleTree.NodeID: Digest] = [:]
    let count: Int

    init(_ leaves: [Leaf]) {
      var nodes: [MerkleTree.NodeID: Digest] = [:]
      for leaf in leaves {
        let finished = MerkleTree.completed(
          byLeaf: leaf.sequence, hash: leaf.hash, node: { nodes[$0] ?? MerkleTree.emptyRoot })
        for (id, hash) in finished { nodes[id] = hash }
      }
      self.nodes = nodes
      count = leaves.count
    }

    /// Every node that is asked for is of a complete subtree, and those are all there.
    private func node(_ id: MerkleTree.NodeID) -> Digest { nodes[id] ?? MerkleTree.emptyRoot }

    var root: Digest { root(ofFirst: count) }

    /// The root of the first leaves, at most as many as there are.
    func root(ofFirst count: Int) -> Digest { MerkleTree.root(0..<count, node: node) }

    func proof(of leaf: Int) -> [Digest] {
      MerkleTree.inclusionProof(of: leaf, size: count, node: node)
    }
  }

  /// The leaves that have a proof in the folder: where all are there, those that concern a request, as receipts for the
  /// persons; else every one, for nothing else shows that it is in the log.
  var provedLeaves: [Int] {
    hasGaps ? leaves.map(\.sequence) : Set(state.requests.flatMap(\.leaves)).sorted()
  }

  /// A proof (c2sp.org/tlog-proof@v1) for each leaf that has one.
  func receipts() -> [(name: String, bytes: [UInt8])] {
    let tree = hasGaps ? nil : Tree(leaves)
    return provedLeaves.map { leaf in
      let proof = TransparencyProof(
        index: leaf, hashes: tree?.proof(of: leaf) ?? proofs.underHead[leaf] ?? [],
        checkpoint: head)
      return (Self.receiptName(leaf), Array(proof.encoded.utf8))
    }
  }

  /// A proof of each leaf that hands the log over to another key, under the head that both keys have signed: what leads
  /// whoever knows an older key to the key of the report's head.
  func handoverProofs() -> [(name: String, bytes: [UInt8])] {
    proofs.handovers.sorted { $0.key < $1.key }.map { leaf, proof in
      (Self.handoverName(leaf), Array(proof.encoded.utf8))
    }
  }

  /// The file of the proof of a leaf.
  static func receiptName(_ leaf: Int) -> String { "proofs/\(leaf).tlog-proof" }

  /// The file of the proof of a leaf that hands the log over.
  static func handoverName(_ leaf: Int) -> String { "keys/\(leaf).tlog-proof" }
}

extension ReportEvidence {
  /// Which leaf is not in the signed head by its proof, in words; nil where all are.
  func problemOfProofs(_ head: LogCheckpoint) -> String? {
    for leaf in leaves {
      guard
        MerkleTree.verifyInclusion(
          leaf: leaf.hash, index: leaf.sequence, size: head.treeSize,
          proof: proofs.underHead[leaf.sequence] ?? [], root: head.root)
      else { return "entry \(leaf.sequence) is not in the signed head by its proof" }
    }
    return nil
  }
}

extension ReportEvidence.LeafProofs {
  /// Makes the proofs of handovers from all leaves.
  init(_ leaves: [Leaf], handovers: [Int: SignedNote]) {
    for (leaf, note) in handovers {
      let before = ReportEvidence.Tree(Array(leaves.prefix(leaf + 1)))
      self.handovers[leaf] = TransparencyProof(
        index: leaf, hashes: before.proof(of: leaf), checkpoint: note)
    }
  }

  /// Adds proofs of some leaves under the head of all.
  func proving(_ some: [Leaf], in all: [Leaf]) -> Self {
    let tree = ReportEvidence.Tree(all)
    var proofs = self
    for leaf in some { proofs.underHead[leaf.sequence] = tree.proof(of: leaf.sequence) }
    return proofs
  }
}
