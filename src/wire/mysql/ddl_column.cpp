#include "wire/mysql/ddl_column.h"

namespace sluice::mysql {
namespace {

// 12, 1.5, .5
std::string read_number(SqlReader& in) {
  std::string number = in.peek().is('.') ? "0" : in.value(in.take());
  if (!in.accept('.')) return number;
  return in.peek().kind == Token::Kind::Number ? number + '.' + in.value(in.take()) : number;
}

// Behind DEFAULT: takes what could be mistaken for an attribute. The rest of an expression is words, literals
// and groups that mean nothing to a column.
Result<void> read_default(SqlReader& in, ColumnDraft& draft) {
  std::string sign;
  for (;;) {
    if (in.accept('-')) {
      sign += '-';
    } else if (!in.accept('+')) {
      break;
    }
  }
  if (in.peek().is('(')) {
    draft.computed_fallback = true;
    return in.skip_group();
  }
  if (in.at_item_end()) return {};
  if (in.peek().kind == Token::Kind::Number || in.peek().is('.')) {
    draft.fallback = (sign.size() % 2 == 1 ? "-" : "") + read_number(in);
    return {};
  }
  Token token = in.take();
  if (token.kind == Token::Kind::Text) {
    draft.fallback = in.value(token);
  } else if (token.kind == Token::Kind::Bits) {
    uint64_t bits = 0;
    for (char c : in.value(token)) bits = bits << 8 | static_cast<uint8_t>(c);
    draft.fallback = std::to_string(bits);
  } else if (token.is("TRUE") || token.is("FALSE")) {
    draft.fallback = token.is("TRUE") ? "1" : "0";
  } else {
    draft.computed_fallback = !token.is("NULL");
  }
  return {};
}

// Behind ON: ON UPDATE CURRENT_TIMESTAMP, and of REFERENCES, ON DELETE SET NULL and its like.
void skip_on(SqlReader& in) {
  if (!in.accept("UPDATE")) in.accept("DELETE");
  bool two_words = in.at_any({"SET", "NO"});
  if (!in.at_item_end()) in.take();
  if (two_words && !in.at_item_end()) in.take();
}

// Behind AS: an expression in parentheses, or ROW START | END.
Result<void> read_generated(SqlReader& in, ColumnDraft& draft) {
  if (in.accept("ROW")) {
    if (!in.accept("START") && !in.accept("END")) return in.unexpected("START or END");
    draft.row_start_or_end = true;
    draft.column.nullable = false;
    draft.null_said = true;
  } else {
    if (!in.peek().is('(')) return in.unexpected("an expression in parentheses");
    SLUICE_TRY(in.skip_group());
  }
  draft.column.generated = true;
  return {};
}

Result<void> read_not(SqlReader& in, ColumnDraft& draft) {
  // The others are NOT ENFORCED and NOT SECONDARY.
  if (in.accept("NULL")) {
    draft.column.nullable = false;
    draft.null_said = true;
  } else if (!in.at_item_end()) {
    in.take();
  }
  return {};
}

Result<void> read_place(SqlReader& in, ColumnDraft& draft) {
  if (in.accept("FIRST")) {
    draft.place = ColumnDraft::Place::First;
  } else if (in.accept("AFTER")) {
    draft.place = ColumnDraft::Place::After;
    SLUICE_ASSIGN(after, in.name("a column name"));
    draft.after = std::move(after);
  }
  return {};
}

Result<void> read_attribute(SqlReader& in, ColumnDraft& draft) {
  Column& column = draft.column;
  if (in.peek().is('(')) return in.skip_group();
  Token token = in.take();
  if (token.is("NOT")) return read_not(in, draft);
  if (token.is("NULL")) {
    column.nullable = draft.null_said = true;
  } else if (token.is("DEFAULT")) {
    return read_default(in, draft);
  } else if (token.is("ON")) {
    skip_on(in);
  } else if (token.is("AS")) {
    return read_generated(in, draft);
  } else if (token.is("COLLATE")) {
    CharsetName name{column.charset, {}};
    SLUICE_TRY(read_collation(in, name));
    column.charset = name.charset;
    column.collation = name.collation;
  } else if (token.is("INVISIBLE")) {
    column.invisible = true;
  } else if (token.is("UNIQUE")) {
    in.accept("KEY");
    draft.unique = true;
  } else if (token.is("WITH")) {
    draft.versioned |= in.accept({"SYSTEM", "VERSIONING"});
  } else if (token.is("PRIMARY") || token.is("KEY")) {
    in.accept("KEY");
    draft.primary = true;
  } else if (token.is("SERIAL")) {  // SERIAL DEFAULT VALUE
    in.accept({"DEFAULT", "VALUE"});
    column.nullable = false;
    draft.null_said = draft.unique = true;
  } else if (token.is("COLUMN_FORMAT") || token.is("STORAGE")) {
    if (!in.at_item_end()) in.take();  // DEFAULT is one of the values
  } else if (token.is("CONSTRAINT")) {
    if (in.peek().is_name() && !in.peek().is("CHECK")) in.take();
  } else if (token.is("REFERENCES")) {
    // The table's name, which may look like an attribute.
    if (!in.at_item_end()) in.take();
    if (in.accept('.') && !in.at_item_end()) in.take();
  } else if (token.is("COMPRESSED")) {
    draft.compressed = true;
  } else if (token.is("PARTITION")) {
    in.skip_rest();  // of the table, behind the last clause of an ALTER
  }
  return {};
}

}  // namespace

Result<ColumnDraft> read_column(SqlReader& in, const DdlContext& context) {
  ColumnDraft draft;
  SLUICE_ASSIGN(name, in.name("a column name"));
  draft.column.name = std::move(name);
  SLUICE_TRY(read_type(in, context, draft));
  while (!in.at_item_end()) {
    if (in.at_any({"FIRST", "AFTER"})) {
      SLUICE_TRY(read_place(in, draft));
    } else {
      SLUICE_TRY(read_attribute(in, draft));
    }
  }
  return draft;
}

}  // namespace sluice::mysql
