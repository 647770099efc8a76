import Attestation
import Ledger
import Storage

extension ReportEvidence {
  /// The Merkle tree over the leaves.
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

    var root: Digest { MerkleTree.root(0..<count, node: node) }

    func proof(of leaf: Int) -> [Digest] {
      MerkleTree.inclusionProof(of: leaf, size: count, node: node)
    }
  }

  var tree: Tree { Tree(leaves) }

  /// A proof (c2sp.org/tlog-proof@v1) for each entry that concerns a request: a receipt for the person.
  func receipts() -> [(name: String, bytes: [UInt8])] {
    let tree = tree
    return Set(state.requests.flatMap(\.leaves)).sorted().map { leaf in
      let proof = TransparencyProof(
        index: leaf, hashes: tree.proof(of: leaf), checkpoint: head)
      return ("proofs/\(leaf).tlog-proof", Array(proof.encoded.utf8))
    }
  }

  /// A proof of each entry that hands the log over to another key, under the head that both keys have signed: what leads
  /// whoever knows an older key to the key of the report's head.
  func handoverProofs() -> [(name: String, bytes: [UInt8])] {
    handovers.sorted { $0.key < $1.key }.map { leaf, note in
      let proof = TransparencyProof(
        index: leaf, hashes: Tree(Array(leaves[...leaf])).proof(of: leaf), checkpoint: note)
      return (Self.handoverName(leaf), Array(proof.encoded.utf8))
    }
  }

  /// The file of such a proof.
  static func handoverName(_ leaf: Int) -> String { "keys/\(leaf).tlog-proof" }
}
