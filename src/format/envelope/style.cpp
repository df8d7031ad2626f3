#include "format/envelope/style.h"

namespace sluice::envelope {
namespace {

constexpr Style kStyles[] = {
    {"wing_seals",
     Values::Strings,
     {R"({"database_name":$d,"table_name":$t,"event_data":{"event_type":"write_rows","time":"$T","data":$r,"__enevt_id":"$i"},"app_id":$a})",
      R"({"database_name":$d,"table_name":$t,"event_data":{"event_type":"update_rows","time":"$T","data":{"old_data":$o,"new_data":$r},"__enevt_id":"$i"},"app_id":$a})",
      R"({"database_name":$d,"table_name":$t,"event_data":{"event_type":"delete_rows","time":"$T","data":$r,"__enevt_id":"$i"},"app_id":$a})",
      ""}},
    {"wing",
     Values::Typed,
     {R"({"database":$d,"table":$t,"event":{"event_type":"write_rows","time":"$T","data":$r},"event_index":$n})",
      R"({"database":$d,"table":$t,"event":{"event_type":"update_rows","time":"$T","data":{"old_data":$o,"new_data":$r}},"event_index":$n})",
      R"({"database":$d,"table":$t,"event":{"event_type":"delete_rows","time":"$T","data":$r},"event_index":$n})",
      ""}},
    {"wing_go",
     Values::TextBase64,
     {R"({"database":$d,"table":$t,"event_type":"insert","time":$s,"event_index":$n,"event":{"data":$r}})",
      R"({"database":$d,"table":$t,"event_type":"update","time":$s,"event_index":$n,"event":{"data":{"old_data":$o,"new_data":$r}}})",
      R"({"database":$d,"table":$t,"event_type":"delete","time":$s,"event_index":$n,"event":{"data":$r}})",
      R"({"database":$d,"table":$t,"event_type":"alter","time":$s,"event_index":$n})"}},
    {"db_transfer",
     Values::Typed,
     {R"({"schema":$d,"table":$t,"log_pos":$e,"action":"insert","values":$r})",
      R"({"schema":$d,"table":$t,"log_pos":$e,"action":"update","before_values":$o,"after_values":$r})",
      R"({"schema":$d,"table":$t,"log_pos":$e,"action":"delete","values":$r})", ""}},
    {"canal_client",
     Values::Canal,
     {R"({"logfileName":"$f","logfileOffset":$p,"schemaName":$d,"tableName":$t,"eventType":"INSERT","after":$r})",
      R"({"logfileName":"$f","logfileOffset":$p,"schemaName":$d,"tableName":$t,"eventType":"UPDATE","before":$o,"after":$r})",
      R"({"logfileName":"$f","logfileOffset":$p,"schemaName":$d,"tableName":$t,"eventType":"DELETE","after":$r})",
      ""}},
};

}  // namespace

const Style* find_style(std::string_view name) {
  for (const Style& style : kStyles) {
    if (style.name == name) return &style;
  }
  return nullptr;
}

}  // namespace sluice::envelope
