/// On what ground erasure is asked for.
public enum Ground: String, CaseIterable, Hashable, Sendable {
  /// GDPR 17(1)(a): the data are not needed any more.
  case noLongerNecessary = "17-1-a"
  /// GDPR 17(1)(b): consent was withdrawn, and there is no other ground.
  case consentNone = "17-1-b"
  /// GDPR 17(1)(c): the person objects.
  case objection = "17-1-c"
  /// GDPR 17(1)(d): the data were processed unlawfully.
  case unlawful = "17-1-d"
  /// GDPR 17(1)(e): the law asks for erasure.
  case obligation = "17-1-e"
  /// GDPR 17(1)(f): collected from a child for a service of the information society.
  case child = "17-1-f"
  /// California Civil Code 1798.105.
  case california = "1798.105"
}

/// Why a request is refused.
public enum RefusalBasis: String, CaseIterable, Hashable, Sendable {
  /// GDPR 12(5)(b): manifestly unfounded.
  case unfounded = "12-5-unfounded"
  /// GDPR 12(5)(b): excessive.
  case excessive = "12-5-excessive"
  /// GDPR 11(2) and 12(2): the person can't be identified.
  case notIdentified = "12-2-not-identified"
  /// GDPR 17(3)(a): freedom of expression and information.
  case expression = "17-3-a"
  /// GDPR 17(3)(b): a legal obligation, or a task in the public interest.
  case obligation = "17-3-b"
  /// GDPR 17(3)(c): public health.
  case health = "17-3-c"
  /// GDPR 17(3)(d): archiving, research, statistics.
  case research = "17-3-d"
  /// GDPR 17(3)(e): legal claims.
  case claims = "17-3-e"
  /// California Code of Regulations, title 11, section 7060: the person could not be verified.
  case notVerified = "7060-not-verified"
  /// California Civil Code 1798.105(d): to complete the transaction.
  case transaction = "1798.105-d-1"
  /// Security and integrity.
  case security = "1798.105-d-2"
  /// To repair errors.
  case errors = "1798.105-d-3"
  /// Free speech.
  case speech = "1798.105-d-4"
  /// The California Electronic Communications Privacy Act.
  case communications = "1798.105-d-5"
  /// Research in the public interest.
  case publicResearch = "1798.105-d-6"
  /// Internal uses that the consumer expects.
  case internalUse = "1798.105-d-7"
  /// A legal obligation.
  case legalObligation = "1798.105-d-8"

  /// Whether a law knows it.
  func isOf(_ regime: Regime) -> Bool {
    (rawValue.hasPrefix("12-") || rawValue.hasPrefix("17-")) == (regime == .gdpr)
  }
}

/// How a request came, which section 7101 asks to be kept.
public enum RequestManner: String, CaseIterable, Hashable, Sendable {
  /// A form on a web site.
  case webForm = "web-form"
  /// A message.
  case email
  /// A call.
  case phone
  /// A letter.
  case post
  /// In person.
  case inPerson = "in-person"
  /// By someone who acts for the person.
  case agent
  /// Another way.
  case other
}

/// How it was made sure who asks: a class, never a document.
public enum IdentityCheck: String, CaseIterable, Hashable, Sendable {
  /// The person was signed in to an account.
  case account
  /// What the person told equals what is known.
  case matching
  /// A document was looked at and not kept.
  case document
  /// A service for electronic identification.
  case electronic
  /// The power of someone who acts for the person.
  case authority
  /// No check was needed.
  case notNeeded = "not-needed"
}

/// Why more time is taken.
public enum ExtensionReason: String, CaseIterable, Hashable, Sendable {
  /// The request is complex.
  case complexity
  /// There are many requests.
  case number
}

/// What has become of what the model learned.
public enum ErasureEffect: String, CaseIterable, Hashable, Sendable {
  /// A patch has taken it out of the weights.
  case removed
  /// It is kept from being given out, and is still there.
  case suppressed
  /// The model was trained anew without it.
  case retrained
}

/// Whom the controller tells of an erasure (GDPR 19), as a class; who it is stands in a commitment.
public enum RecipientClass: String, CaseIterable, Hashable, Sendable {
  /// Someone who processes for the controller.
  case processor
  /// Another controller.
  case controller
  /// Someone who uses the model or one made from it.
  case modelUser = "model-user"
  /// A public authority.
  case authority
  /// A place where the data or the model was published.
  case publisher
  /// Another recipient.
  case other
}
