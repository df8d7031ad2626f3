// Schema changes as one line of SQL.
#pragma once

#include <string>
#include <string_view>

namespace sluice::sql {

// The statement on one line, without the semicolon at its end: line feeds become spaces and comments that end
// with one are dropped. Empty: it has control characters within quotes, where they mean something.
std::string one_line(std::string_view statement);

// Whether it creates, changes or drops a database, for which none need be chosen.
bool shapes_database(std::string_view line);

// Any statement as one line: read from hexadecimal by the server.
std::string prepared(std::string_view statement);

}  // namespace sluice::sql
