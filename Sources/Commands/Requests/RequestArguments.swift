public import ArgumentParser
public import Ledger

// The closed lists of what is recorded about a request, as options.

extension ErasureEffect: ExpressibleByArgument {}
extension ExtensionReason: ExpressibleByArgument {}
extension IdentityCheck: ExpressibleByArgument {}
extension RecipientClass: ExpressibleByArgument {}
extension RefusalBasis: ExpressibleByArgument {}
extension RequestManner: ExpressibleByArgument {}
