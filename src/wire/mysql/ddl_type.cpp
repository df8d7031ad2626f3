#include <algorithm>

#include "base/ascii.h"
#include "wire/mysql/charset.h"
#include "wire/mysql/ddl_column.h"

namespace sluice::mysql {
namespace {

struct TypeWord {
  std::string_view word;
  ColumnType type;
  std::string_view name;  // as information_schema spells it
};

// Every type that is one word (MySQL sql/sql_yacc.yy, MariaDB sql/sql_yacc.yy, rule field_type; MariaDB's
// type plug-ins). What is more than one word is in read_words.
constexpr TypeWord kTypes[] = {
    {"tinyint", ColumnType::TinyInt, "tinyint"},
    {"int1", ColumnType::TinyInt, "tinyint"},
    {"bool", ColumnType::TinyInt, "tinyint"},
    {"boolean", ColumnType::TinyInt, "tinyint"},
    {"smallint", ColumnType::SmallInt, "smallint"},
    {"int2", ColumnType::SmallInt, "smallint"},
    {"mediumint", ColumnType::MediumInt, "mediumint"},
    {"middleint", ColumnType::MediumInt, "mediumint"},
    {"int3", ColumnType::MediumInt, "mediumint"},
    {"int", ColumnType::Int, "int"},
    {"integer", ColumnType::Int, "int"},
    {"int4", ColumnType::Int, "int"},
    {"bigint", ColumnType::BigInt, "bigint"},
    {"int8", ColumnType::BigInt, "bigint"},
    {"serial", ColumnType::BigInt, "bigint"},
    {"float", ColumnType::Float, "float"},
    {"float4", ColumnType::Float, "float"},
    {"double", ColumnType::Double, "double"},
    {"float8", ColumnType::Double, "double"},
    {"real", ColumnType::Double, "double"},
    {"decimal", ColumnType::Decimal, "decimal"},
    {"dec", ColumnType::Decimal, "decimal"},
    {"numeric", ColumnType::Decimal, "decimal"},
    {"fixed", ColumnType::Decimal, "decimal"},
    {"bit", ColumnType::Bit, "bit"},
    {"year", ColumnType::Year, "year"},
    {"date", ColumnType::Date, "date"},
    {"time", ColumnType::Time, "time"},
    {"datetime", ColumnType::DateTime, "datetime"},
    {"timestamp", ColumnType::Timestamp, "timestamp"},
    {"char", ColumnType::Char, "char"},
    {"character", ColumnType::Char, "char"},
    {"nchar", ColumnType::Char, "char"},
    {"varchar", ColumnType::VarChar, "varchar"},
    {"varcharacter", ColumnType::VarChar, "varchar"},
    {"nvarchar", ColumnType::VarChar, "varchar"},
    {"binary", ColumnType::Binary, "binary"},
    {"varbinary", ColumnType::VarBinary, "varbinary"},
    {"tinytext", ColumnType::TinyText, "tinytext"},
    {"text", ColumnType::Text, "text"},
    {"mediumtext", ColumnType::MediumText, "mediumtext"},
    {"longtext", ColumnType::LongText, "longtext"},
    {"long", ColumnType::MediumText, "mediumtext"},
    {"tinyblob", ColumnType::TinyBlob, "tinyblob"},
    {"blob", ColumnType::Blob, "blob"},
    {"mediumblob", ColumnType::MediumBlob, "mediumblob"},
    {"longblob", ColumnType::LongBlob, "longblob"},
    {"enum", ColumnType::Enum, "enum"},
    {"set", ColumnType::Set, "set"},
    {"json", ColumnType::Json, "json"},
    {"geometry", ColumnType::Geometry, "geometry"},
    {"point", ColumnType::Geometry, "point"},
    {"linestring", ColumnType::Geometry, "linestring"},
    {"polygon", ColumnType::Geometry, "polygon"},
    {"multipoint", ColumnType::Geometry, "multipoint"},
    {"multilinestring", ColumnType::Geometry, "multilinestring"},
    {"multipolygon", ColumnType::Geometry, "multipolygon"},
    {"geometrycollection", ColumnType::Geometry, "geometrycollection"},
    {"geomcollection", ColumnType::Geometry, "geomcollection"},
    {"vector", ColumnType::Vector, "vector"},
    {"uuid", ColumnType::Uuid, "uuid"},
    {"inet4", ColumnType::Inet4, "inet4"},
    {"inet6", ColumnType::Inet6, "inet6"},
};

// Under MariaDB's sql_mode=ORACLE (manual, "SQL_MODE=ORACLE", synonyms for basic types).
constexpr TypeWord kOracleTypes[] = {
    {"date", ColumnType::DateTime, "datetime"},   {"number", ColumnType::Decimal, "decimal"},
    {"varchar2", ColumnType::VarChar, "varchar"}, {"raw", ColumnType::VarBinary, "varbinary"},
    {"clob", ColumnType::LongText, "longtext"},   {"blob", ColumnType::LongBlob, "longblob"},
};

const TypeWord* find_type(const Token& token, bool oracle) {
  if (token.kind != Token::Kind::Word) return nullptr;
  if (oracle) {
    for (const TypeWord& type : kOracleTypes) {
      if (same_word(token.text, type.word)) return &type;
    }
  }
  for (const TypeWord& type : kTypes) {
    if (same_word(token.text, type.word)) return &type;
  }
  return nullptr;
}

void become(ColumnDraft& draft, ColumnType type, std::string_view name) {
  draft.column.type = type;
  draft.type_name = name;
}

// Words that go on with a type's first one: DOUBLE PRECISION, CHAR VARYING, LONG VARBINARY, …
void read_more_words(SqlReader& in, const Token& first, ColumnDraft& draft) {
  if (first.is("double")) in.accept("PRECISION");
  bool character = first.is("char") || first.is("character") || first.is("nchar");
  if (character && (in.accept("VARYING") || in.accept("VARCHAR") || in.accept("VARCHARACTER"))) {
    become(draft, ColumnType::VarChar, "varchar");
  }
  if (first.is("long")) {
    if (in.accept("VARBINARY")) become(draft, ColumnType::MediumBlob, "mediumblob");
    if (!in.accept({"CHAR", "VARYING"}) && !in.accept({"CHARACTER", "VARYING"}) && !in.accept("VARCHAR")) {
      in.accept("VARCHARACTER");
    }
  }
  if (first.is("nchar") || first.is("nvarchar")) draft.column.charset = "utf8mb3";
}

// (n) or (n, m); what else may stand in parentheses there is none of a type's.
Result<void> read_lengths(SqlReader& in, ColumnDraft& draft) {
  if (!in.accept('(')) return {};
  SLUICE_ASSIGN(length, in.integer("a length"));
  draft.length = std::min<uint64_t>(length, UINT32_MAX);
  draft.has_length = true;
  if (in.accept(',')) {
    SLUICE_ASSIGN(decimals, in.integer("a number of decimals"));
    draft.decimals = decimals;
    draft.has_decimals = true;
  }
  // Oracle's VARCHAR2(10 CHAR).
  if (!in.accept("CHAR")) in.accept("BYTE");
  if (!in.accept(')')) return in.unexpected("a closing parenthesis");
  return {};
}

Result<void> read_members(SqlReader& in, ColumnDraft& draft) {
  // MySQL manual, "Limits on Table Column Count and Row Size": an ENUM has at most 65,535 members.
  constexpr size_t kMostMembers = 65535;
  if (!in.accept('(')) return in.unexpected("the members in parentheses");
  do {
    if (in.peek().kind == Token::Kind::Word) in.take();  // the introducer of a character set
    const Token& token = in.peek();
    if (token.kind != Token::Kind::Text && token.kind != Token::Kind::Hex &&
        token.kind != Token::Kind::Bits) {
      return in.unexpected("a member in quotes");
    }
    if (draft.column.members.size() == kMostMembers) return fatal("more than {} members", kMostMembers);
    draft.column.members.push_back(in.value(in.take()));
  } while (in.accept(','));
  if (!in.accept(')')) return in.unexpected("a closing parenthesis");
  return {};
}

// UNSIGNED, CHARACTER SET and their like, in any order.
Result<void> read_type_attributes(SqlReader& in, ColumnDraft& draft) {
  CharsetName name{draft.column.charset, {}};
  for (;;) {
    if (in.accept("UNSIGNED")) {
      draft.column.is_unsigned = true;
    } else if (in.accept("ZEROFILL")) {
      draft.column.is_unsigned = draft.zerofill = true;
    } else if (in.accept({"CHARACTER", "SET"}) || in.accept({"CHAR", "SET"}) || in.accept("CHARSET")) {
      SLUICE_TRY(read_charset(in, name));
    } else if (in.accept("BINARY")) {
      draft.binary = true;
    } else if (in.accept("BYTE")) {
      name.charset = "binary";
    } else if (in.accept("ASCII")) {
      name.charset = "latin1";
    } else if (in.accept("UNICODE")) {
      name.charset = "ucs2";
    } else if (in.accept("COMPRESSED")) {
      draft.compressed = true;
    } else if (!in.accept("SIGNED")) {
      break;
    }
  }
  draft.column.charset = name.charset;
  draft.charset_said = !name.charset.empty();
  return {};
}

}  // namespace

Result<void> read_charset(SqlReader& in, CharsetName& name) {
  in.accept('=');
  if (in.peek().kind != Token::Kind::Text && !in.peek().is_name()) return in.unexpected("a character set");
  Token token = in.take();
  if (token.is("DEFAULT")) {
    name = {.of_database = true};
    return {};
  }
  name.of_database = false;
  std::string written = lower_ascii(in.value(token));
  const Charset* known = charset_by_name(written);
  std::string charset = known ? std::string(known->name()) : written;
  if (charset != name.charset) name.collation.clear();
  name.charset = charset;
  return {};
}

Result<void> read_collation(SqlReader& in, CharsetName& name) {
  in.accept('=');
  if (in.peek().kind != Token::Kind::Text && !in.peek().is_name()) return in.unexpected("a collation");
  Token token = in.take();
  if (token.is("DEFAULT")) {
    name.collation.clear();
    return {};
  }
  name.collation = lower_ascii(in.value(token));
  if (const Charset* known = charset_by_collation_name(name.collation)) name.charset = known->name();
  complete(name, name.charset);
  return {};
}

void complete(CharsetName& name, std::string_view context) {
  if (name.charset.empty()) name.charset = context;
  if (name.charset.empty() || name.collation.empty() || charset_by_collation_name(name.collation)) return;
  if (name.collation.starts_with("uca1400_")) name.collation.insert(0, name.charset + "_");
}

Result<void> read_type(SqlReader& in, const DdlContext& context, ColumnDraft& draft) {
  bool oracle = context.sql_mode & kModeOracle;
  bool max_db = context.sql_mode & kModeMaxDb;
  // MariaDB's qualified types: mariadb_schema.date is DATE whatever the mode.
  if (in.peek().kind == Token::Kind::Word && in.peek(1).is('.')) {
    std::string schema = lower_ascii(in.take().text);
    in.take();
    oracle = schema == "oracle_schema";
    max_db = schema == "maxdb_schema";
  }
  bool national = in.accept("NATIONAL");
  const TypeWord* type = find_type(in.peek(), oracle);
  if (type == nullptr) return in.unexpected("a type");
  Token first = in.take();
  become(draft, type->type, type->name);
  read_more_words(in, first, draft);
  if (national) draft.column.charset = "utf8mb3";
  if (first.is("bool") || first.is("boolean")) {
    draft.length = 1;
    draft.has_length = true;
  }
  if (first.is("serial")) {
    draft.column.is_unsigned = draft.unique = true;
    draft.column.nullable = false;
  }
  if (first.is("real") && context.sql_mode & kModeRealAsFloat) become(draft, ColumnType::Float, "float");
  if (first.is("timestamp") && max_db) become(draft, ColumnType::DateTime, "datetime");
  if (type->type == ColumnType::Enum || type->type == ColumnType::Set) {
    SLUICE_TRY(read_members(in, draft));
  } else {
    SLUICE_TRY(read_lengths(in, draft));
  }
  // Oracle's NUMBER without a precision is a floating point number.
  if (first.is("number") && !draft.has_length) become(draft, ColumnType::Double, "double");
  return read_type_attributes(in, draft);
}

}  // namespace sluice::mysql
