#include "format/canal/statement.h"

#include <string>

#include "format/statement_words.h"

namespace sluice::canal {
namespace {

// Behind ALTER … TABLE.
EventType type_of_alter(StatementWords& words) {
  if (words.take({"IF"})) words.next();  // EXISTS
  words.next();
  if (words.take({"."})) words.next();
  if (words.take({"WAIT"})) words.next();
  words.take({"NOWAIT"});
  if (words.take({"RENAME"})) {
    return words.is({"INDEX", "KEY", "COLUMN"}) ? EventType::Alter : EventType::Rename;
  }
  if (words.take({"DROP"})) return words.is({"INDEX", "KEY"}) ? EventType::DropIndex : EventType::Alter;
  if (!words.take({"ADD"})) return EventType::Alter;
  if (words.take({"CONSTRAINT"}) && !words.is({"UNIQUE", "PRIMARY", "FOREIGN", "CHECK"})) words.next();
  return words.is({"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"}) ? EventType::CreateIndex
                                                                     : EventType::Alter;
}

}  // namespace

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::Insert: return "INSERT";
    case EventType::Update: return "UPDATE";
    case EventType::Delete: return "DELETE";
    case EventType::Create: return "CREATE";
    case EventType::Alter: return "ALTER";
    case EventType::Erase: return "ERASE";
    case EventType::Query: return "QUERY";
    case EventType::Truncate: return "TRUNCATE";
    case EventType::Rename: return "RENAME";
    case EventType::CreateIndex: return "CINDEX";
    case EventType::DropIndex: return "DINDEX";
  }
  return "QUERY";
}

EventType type_of_statement(std::string_view sql) {
  StatementWords words(sql);
  std::string verb = words.word();
  words.next();
  if (verb == "TRUNCATE") return EventType::Truncate;
  while (words.take(
      {"OR", "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE", "IGNORE"}))
    continue;
  bool table = words.is({"TABLE", "TABLES"}), index = words.is({"INDEX"});
  words.next();
  if (verb == "CREATE" && table) return EventType::Create;
  if (verb == "CREATE" && index) return EventType::CreateIndex;
  if (verb == "DROP" && table) return EventType::Erase;
  if (verb == "DROP" && index) return EventType::DropIndex;
  if (verb == "RENAME" && table) return EventType::Rename;
  if (verb == "ALTER" && table) return type_of_alter(words);
  return EventType::Query;
}

}  // namespace sluice::canal
