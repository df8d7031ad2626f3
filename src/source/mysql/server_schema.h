// ServerSchema: what the server knows of its tables, asked through connections of its own, since the one that
// reads the log is busy. The server's word of now counts only where the log behind the place in question says
// nothing of the table. So it costs a second reading of that log, and is not asked for before it is needed.
#pragma once

#include <string>
#include <string_view>

#include "base/interrupt.h"
#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/catalogue.h"
#include "model/position.h"
#include "source/mysql/later_changes.h"
#include "source/mysql/schema_reader.h"
#include "wire/mysql/decoder.h"

namespace sluice::mysql {

class ServerSchema : public SchemaOracle {
 public:
  // All referenced objects outlive it.
  ServerSchema(const ConnectionOptions& options, const Interrupt& interrupt, Catalogue& catalogue)
      : options_(options), interrupt_(interrupt), catalogue_(catalogue) {}

  // After the last whole transaction; outlives this.
  void follow(const Position& place) { place_ = &place; }
  // Another server may answer from now on.
  void forget() { later_ = LaterChanges(); }

  // The catalogue lacks what the server could have told of its tables: complete() has something to do.
  void owe() { owes_ = true; }
  bool owes() const { return owes_; }

  Result<void> complete() override;
  Result<TablePtr> learn(std::string_view database, std::string_view table, std::string& why) override;

 private:
  void fill_as_of(const Position& place, Schema schema);

  const ConnectionOptions& options_;
  const Interrupt& interrupt_;
  Catalogue& catalogue_;
  const Position* place_ = nullptr;
  bool owes_ = false;
  LaterChanges later_;
};

}  // namespace sluice::mysql
