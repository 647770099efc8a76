import Attestation
import Ledger
import Storage
import Testing

@Suite("The Merkle tree of RFC 6962") struct MerkleTreeTests {
  /// The leaves of the known-answer test of Certificate Transparency.
  private static let leaves: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
    Array(0x50...0x57), Array(0x60...0x6F),
  ]

  private struct Tree {
    var nodes: [MerkleTree.NodeID: Digest] = [:]
    func node(_ id: MerkleTree.NodeID) -> Digest { nodes[id] ?? MerkleTree.emptyRoot }

    init(_ leaves: [[UInt8]]) {
      for (index, leaf) in leaves.enumerated() {
        let tree = self
        for (id, hash) in MerkleTree.completed(
          byLeaf: index, hash: MerkleTree.leafHash(leaf), node: tree.node)
        {
          nodes[id] = hash
        }
      }
    }
  }

  @Test func `roots are those of the known-answer test`() {
    let tree = Tree(Self.leaves)
    let known = [
      "e3b0c442", "6e340b9c", "fac54203", "aeb6bcfe", "d37ee418", "4e3bbb1f", "76e67dad",
      "ddb89be4",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    for (size, root) in known.enumerated() {
      #expect(MerkleTree.root(0..<size, node: tree.node).hex.hasPrefix(root), "size \(size)")
    }
  }

  @Test func `every proof up to 130 leaves holds, and no changed one does`() {
    let leaves = (0..<130).map { [UInt8($0)] }
    let tree = Tree(leaves)
    let roots = (0...130).map { MerkleTree.root(0..<$0, node: tree.node) }
    let wrong = SHA256.digest(of: [9, 9])
    for size in 1...130 {
      for index in 0..<size {
        let proof = MerkleTree.inclusionProof(of: index, size: size, node: tree.node)
        let leaf = MerkleTree.leafHash(leaves[index])
        func holds(_ leaf: Digest, _ index: Int, _ proof: [Digest], _ root: Digest) -> Bool {
          MerkleTree.verifyInclusion(
            leaf: leaf, index: index, size: size, proof: proof, root: root)
        }
        #expect(holds(leaf, index, proof, roots[size]))
        #expect(!holds(wrong, index, proof, roots[size]))
        #expect(!holds(leaf, index, proof + [wrong], roots[size]))
        #expect(!holds(leaf, index, proof, roots[size - 1]))
        if !proof.isEmpty { #expect(!holds(leaf, index, Array(proof.dropLast()), roots[size])) }
        #expect(!holds(leaf, index + size, proof, roots[size]))
      }
      for old in 0...size {
        let proof = MerkleTree.consistencyProof(from: old, to: size, node: tree.node)
        func holds(_ proof: [Digest], _ oldRoot: Digest, _ newRoot: Digest) -> Bool {
          MerkleTree.verifyConsistency(
            old: old, oldRoot: oldRoot, new: size, newRoot: newRoot, proof: proof)
        }
        #expect(holds(proof, roots[old], roots[size]))
        #expect(!holds(proof + [wrong], roots[old], roots[size]))
        #expect(!holds(proof, wrong, roots[size]))
        if old > 0 { #expect(!holds(proof, roots[old], wrong)) }
        if !proof.isEmpty { #expect(!holds(Array(proof.dropLast()), roots[old], roots[size])) }
      }
    }
  }
}
