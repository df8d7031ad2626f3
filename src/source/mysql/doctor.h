// Doctor: tells before anything runs what a server lacks to be read, and the statement that mends it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "source/mysql/mysql_source.h"

namespace sluice {

struct Finding {
  enum class Grade : uint8_t { Ok, Warning, Fault };
  Grade grade = Grade::Ok;
  std::string what;  // the fact, in a few words: `binlog_format is STATEMENT`
  std::string why;   // what follows from it; empty when all is well
  std::string mend;  // the statement or setting that mends it; empty when there is none
};

// Fails only when the server cannot be asked at all.
Result<std::vector<Finding>> examine_mysql(const MysqlSourceSetup& setup);

}  // namespace sluice
