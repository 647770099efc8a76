import Storage
import StrictJSON

extension PostProcessor {
  /// Reads a post-processor.
  init(_ section: Section, depth: Int = 0) throws(TokenizerError) {
    guard depth < Normalizer.depthLimit else {
      throw TokenizerError(.unsupported("a sequence this deep"), at: section.path)
    }
    switch try section.type() {
    case "TemplateProcessing": self = .template(try Template(section))
    case "BertProcessing":
      self = .bert(sep: try Self.token(section["sep"]), cls: try Self.token(section["cls"]))
    case "RobertaProcessing":
      self = .roberta(
        sep: try Self.token(section["sep"]), cls: try Self.token(section["cls"]),
        trims: try section["trim_offsets"].bool(),
        addsPrefixSpace: try section["add_prefix_space"].bool())
    case "ByteLevel":
      self = .byteLevel(
        trims: try section["trim_offsets"].bool(or: true),
        addsPrefixSpace: try section["add_prefix_space"].bool())
    case "Sequence":
      let steps = try section.parts("processors", depth: depth) {
        part, depth throws(TokenizerError) in
        try PostProcessor(part, depth: depth)
      }
      // After a template there are no two texts any more that another could put together.
      if let first = steps.firstIndex(where: \.makesParts),
        steps[(first + 1)...].contains(where: { $0.addedCount(isPair: true) > 0 || $0.makesParts })
      {
        throw TokenizerError(
          .unsupported("a processor that adds tokens after a template"),
          at: section["processors"].path)
      }
      self = .sequence(steps)
    case let name:
      throw TokenizerError(
        .unsupported("the post-processor \"\(name)\""), at: section["type"].path)
    }
  }

  /// A token and its number, as an array of two.
  private static func token(_ section: Section) throws(TokenizerError) -> Int32 {
    let values = try section.values()
    guard values.count == 2 else {
      throw section.error(expected: "an array of a token and its number")
    }
    _ = try section.element(0, values[0]).text()
    return try section.element(1, values[1]).tokenID()
  }
}

extension Template {
  private static let itemLimit = 1024

  /// Reads a template and the tokens that it names.
  init(_ section: Section) throws(TokenizerError) {
    var tokens: [ByteString: [Int32]] = [:]
    let named = section["special_tokens"]
    for (name, value) in try named.object().members {
      let entry = named.member(name, value)
      var ids: [Int32] = []
      for id in try entry["ids"].elements() { ids.append(try id.tokenID()) }
      let words = try entry["tokens"].elements()
      guard words.count == ids.count, ids.count <= Self.itemLimit else {
        throw entry.error(expected: "as many ids as tokens")
      }
      tokens[name] = ids
    }
    single = try Self.items(section["single"], tokens)
    pair = try Self.items(section["pair"], tokens)
    for (index, item) in single.enumerated() {
      if case .text(isSecond: true, _) = item {
        throw TokenizerError(
          .unexpected(found: "the second text", expected: "the first, as there is one"),
          at: "\(section["single"].path)[\(index)]")
      }
    }
  }

  private static func items(
    _ section: Section, _ tokens: [ByteString: [Int32]]
  ) throws(TokenizerError) -> [Item] {
    var items: [Item] = []
    for element in try section.elements() {
      guard items.count < itemLimit else {
        throw section.error(expected: "at most \(itemLimit) items")
      }
      if let text = element["Sequence"].optional {
        let name = try text["id"].text()
        guard name == "A" || name == "B" else { throw text["id"].error(expected: "A or B") }
        items.append(.text(isSecond: name == "B", type: try text["type_id"].tokenID()))
      } else if let token = element["SpecialToken"].optional {
        let name = ByteString(bytes: try token["id"].bytes())
        guard let ids = tokens[name] else {
          throw token["id"].error(expected: "a name from special_tokens")
        }
        items.append(.tokens(ids, type: try token["type_id"].tokenID()))
      } else {
        throw element.error(expected: "an object with \"Sequence\" or \"SpecialToken\"")
      }
    }
    return items
  }
}
