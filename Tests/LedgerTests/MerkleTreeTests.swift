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

  private static let count = 130

  /// Every wrong form of a proof: a hash changed, left out, or put in, at each place.
  private static func wrongForms(of proof: [Digest]) -> [[Digest]] {
    let other = SHA256.digest(of: [9, 9])
    var forms: [[Digest]] = []
    for place in 0...proof.count {
      var form = proof
      form.insert(other, at: place)
      forms.append(form)
      guard place < proof.count else { continue }
      form = proof
      form[place] = other
      forms.append(form)
      form = proof
      form.remove(at: place)
      forms.append(form)
      form = proof
      form.insert(proof[place], at: place)
      forms.append(form)
    }
    return forms
  }

  @Test func `every inclusion proof up to 130 leaves holds, and no changed one does`() {
    let leaves = (0..<Self.count).map { [UInt8($0)] }
    let tree = Tree(leaves)
    let roots = (0...Self.count).map { MerkleTree.root(0..<$0, node: tree.node) }
    var wrong: [String] = []
    for size in 1...Self.count {
      for index in 0..<size {
        let proof = MerkleTree.inclusionProof(of: index, size: size, node: tree.node)
        let leaf = MerkleTree.leafHash(leaves[index])
        func holds(
          _ leaf: Digest, _ index: Int, _ size: Int, _ proof: [Digest], _ root: Digest
        ) -> Bool {
          MerkleTree.verifyInclusion(
            leaf: leaf, index: index, size: size, proof: proof, root: root)
        }
        var accepted: [String] = []
        if !holds(leaf, index, size, proof, roots[size]) { accepted.append("itself not") }
        for form in Self.wrongForms(of: proof) where holds(leaf, index, size, form, roots[size]) {
          accepted.append("a changed proof")
        }
        for other in [index - 1, index + 1, size, index + size, -1, Int.max]
        where other != index && holds(leaf, other, size, proof, roots[size]) {
          accepted.append("the index \(other)")
        }
        for other in [size - 1, size + 1, 2 * size]
        where other <= Self.count && holds(leaf, index, other, proof, roots[other]) {
          accepted.append("the size \(other)")
        }
        if holds(leaf, index, size, proof, roots[size - 1]) { accepted.append("another root") }
        if holds(roots[0], index, size, proof, roots[size]) { accepted.append("another leaf") }
        if !accepted.isEmpty { wrong.append("\(index) of \(size): \(accepted)") }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test func `every consistency proof up to 130 leaves holds, and no changed one does`() {
    let tree = Tree((0..<Self.count).map { [UInt8($0)] })
    let roots = (0...Self.count).map { MerkleTree.root(0..<$0, node: tree.node) }
    var wrong: [String] = []
    for new in 1...Self.count {
      for old in 0...new {
        let proof = MerkleTree.consistencyProof(from: old, to: new, node: tree.node)
        func holds(
          _ old: Int, _ oldRoot: Digest, _ new: Int, _ newRoot: Digest, _ proof: [Digest]
        ) -> Bool {
          MerkleTree.verifyConsistency(
            old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, proof: proof)
        }
        var accepted: [String] = []
        if !holds(old, roots[old], new, roots[new], proof) { accepted.append("itself not") }
        for form in Self.wrongForms(of: proof)
        where holds(old, roots[old], new, roots[new], form) {
          accepted.append("a changed proof")
        }
        let other = MerkleTree.leafHash([200])
        if holds(old, other, new, roots[new], proof) { accepted.append("another old root") }
        // Nothing is the beginning of everything: the empty tree's proof binds no new root.
        if old > 0, holds(old, roots[old], new, other, proof) { accepted.append("another root") }
        if old > 0, holds(old - 1, roots[old], new, roots[new], proof) {
          accepted.append("another old size")
        }
        if holds(new + 1, roots[new], new, roots[new], proof) {
          accepted.append("a larger old size")
        }
        if !accepted.isEmpty { wrong.append("\(old) of \(new): \(accepted)") }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test func `the right edge of a tree goes on from any size`() {
    let leaves = (0..<Self.count).map { MerkleTree.leafHash([UInt8($0)]) }
    let tree = Tree((0..<Self.count).map { [UInt8($0)] })
    var frontier = MerkleFrontier()
    var finished: [MerkleTree.NodeID: Digest] = [:]
    for size in 0...Self.count {
      let root = MerkleTree.root(0..<size, node: tree.node)
      #expect(frontier.root == root)
      #expect(MerkleFrontier(size: size, node: tree.node).root == root)
      if size < Self.count { frontier.append(leaves[size]) { finished[$0] = $1 } }
    }
    #expect(finished == tree.nodes)
  }
}
