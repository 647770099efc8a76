public import Storage

/// Which witnesses must have cosigned a head: the witnesses, groups and quorum of a C2SP tlog-policy.
public struct WitnessPolicy: Hashable, Sendable {
  /// One witness.
  public struct Witness: Hashable, Sendable {
    /// What the policy calls it; the bytes mean nothing outside.
    public var name: ByteString
    /// Its key, of type cosignature.
    public var key: VerifierKey
    /// Where it takes heads (the submission prefix of tlog-witness), where that is said.
    public var url: String?
  }

  /// Some of its members must have witnessed a head.
  public struct Group: Hashable, Sendable {
    /// What the policy calls it.
    public var name: ByteString
    /// How many members must have.
    public var threshold: Int
    /// Witnesses, and groups that come before it.
    public var members: [ByteString]
  }

  /// The witnesses, in order.
  public internal(set) var witnesses: [Witness] = []
  /// The groups, in order; each names only what comes before it.
  public internal(set) var groups: [Group] = []
  /// The witness or group that must have witnessed a head; nil where none must.
  public internal(set) var quorum: ByteString?

  /// Asks for no witness.
  public init() {}

  /// What a head's cosignatures come to.
  public struct Judgement: Hashable, Sendable {
    /// One witness's word.
    public struct Cosigner: Hashable, Sendable {
      /// What the policy calls it.
      public var name: ByteString
      /// When it has cosigned.
      public var time: Timestamp
    }

    /// The witnesses that have cosigned, in the order of the policy.
    public var cosigners: [Cosigner] = []
    /// The known witnesses that have not.
    public var absent: [ByteString] = []
    /// Why the note is refused as a whole: lines of known witnesses that are not theirs.
    public var refusals: [String] = []
    /// What the quorum lacks, outermost first; empty where it is met.
    public var lacking: [String] = []

    /// Whether enough witnesses have cosigned, and no known one's line is false.
    public var isMet: Bool { refusals.isEmpty && lacking.isEmpty }

    /// The witnesses with their times, for people.
    public var words: String {
      if cosigners.isEmpty { return "no known witness has cosigned" }
      return "cosigned by "
        + cosigners.map { "\($0.name) at \($0.time)" }.joined(separator: ", ")
    }
  }

  /// Judges a head by its cosignatures alone; whether the log has signed it is another question.
  public func judge(_ note: SignedNote) -> Judgement {
    var judgement = Judgement()
    // Groups name only what comes before them, so one walk in order settles all.
    var settled: [ByteString: Bool] = [:]
    for witness in witnesses {
      switch note.verification(by: witness.key) {
      case .absent, .signed(at: nil): judgement.absent.append(witness.name)
      case .signed(let time?):
        judgement.cosigners.append(Judgement.Cosigner(name: witness.name, time: time))
        settled[witness.name] = true
      case .refused(let why): judgement.refusals.append(why)
      }
    }
    var words: [ByteString: String] = [:]
    for group in groups {
      let have = group.members.filter { settled[$0] ?? false }.count
      settled[group.name] = have >= group.threshold
      words[group.name] =
        "\(group.name) has \(have) of the \(group.threshold) it needs of \(group.members.map(\.description).joined(separator: ", "))"
    }
    guard let quorum, !(settled[quorum] ?? false) else { return judgement }
    var open = [quorum]
    while let name = open.popLast() {
      judgement.lacking.append(words[name] ?? "\(name) has not cosigned")
      let members = groups.first { $0.name == name }?.members ?? []
      open += members.filter { words[$0] != nil && !(settled[$0] ?? false) }.reversed()
    }
    return judgement
  }
}
