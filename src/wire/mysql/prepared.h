// PreparedTransactions: the events of XA transactions between their PREPARE and their COMMIT, which may come
// hours later, behind a restart, or never. They are set aside as they stood in the log: a table that a
// prepared transaction touched is locked until its end, so that they mean the same then.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/spool.h"
#include "crypto/aes.h"
#include "model/position.h"
#include "wire/mysql/event_replay.h"

namespace sluice::mysql {

// `X'6f6e65',X'62',7`: the global part and the branch in hexadecimal, and the format, as servers write it.
std::string spell_xid(std::string_view global, std::string_view branch, uint32_t format);
// That of `XA COMMIT X'6f6e65',X'62',7` and the like; empty: it has none.
std::string xid_of_statement(std::string_view sql);

class PreparedTransactions : public EventReplay {
 public:
  // `seal`: under which the events lie; empty: in plain.
  explicit PreparedTransactions(std::string folder, Secret seal = Secret())
      : spool_(std::move(folder)), seal_(std::move(seal)) {}

  // Once, before anything else, where the folder may hold what a life before this one set aside: takes it up,
  // and removes what that life died before it could remove. `saved`: where the checkpoint goes on; not known,
  // nothing set aside has a meaning.
  void settle(const Position& saved);

  // What is set aside is its events' headers and bodies, without checksums.
  bool is_writing() const { return !writing_.empty(); }
  Result<void> begin(std::string xid);
  Result<void> add(std::string_view event, std::string_view body);
  Result<void> prepare();  // on disk when it returns
  void drop();

  // The first event of what was prepared under the name. False: nothing was.
  bool is_reading() const { return reading_; }
  Result<bool> open(const std::string& xid);
  Result<bool> peek(EventHeader& header) override;
  Result<std::string_view> fetch(Arena& arena) override;
  void put_back(std::string_view event) override { again_ = event; }
  void close();

  // It was committed, and need not be kept once everything up to `behind` is safe at the targets. `gtid`: its
  // own; empty where it has none.
  void committed(const std::string& xid, GtidSet gtid, const Position& behind);
  void rolled_back(const std::string& xid);
  void confirm(const Position& position);  // any thread

 private:
  struct Done {
    std::string name;
    GtidSet gtid;
    std::string file;
    uint64_t offset;
    bool is_behind(const Position& position) const;
  };
  std::optional<std::string> waiting(const std::string& xid) const;  // the name of its file
  void forget(const std::string& xid);
  Result<void> write(std::string_view bytes);
  Result<size_t> read(char* to, size_t n);
  Result<void> read_all(char* to, size_t n);
  Result<void> open_if_sealed();
  std::optional<Done> read_note(const std::string& name);
  Result<void> note_end(const Done& done);
  void remove(const std::string& name) const;

  Spool spool_;
  const Secret seal_;
  std::optional<AesStream> hiding_, showing_;  // of what is written, and of what is read
  std::string hidden_;
  std::string writing_;  // xid; empty: none
  bool reading_ = false;
  std::string opened_;  // name of what was opened last
  bool peeked_ = false;
  char header_[kHeaderBytes];
  bool begun_ = false;  // a byte of what was opened last was read
  std::string again_;

  // A file's name ends in a number, because an XID may be used again before what was set aside under it is
  // safe at the targets. Of one XID the server knows one transaction at a time.
  uint64_t next_ = 0;
  std::map<std::string, std::string> waiting_;        // by XID, what was prepared in this life
  std::map<std::string, std::set<uint64_t>> former_;  // by name without number, in lives before it

  std::mutex mutex_;
  std::vector<Done> done_;
};

}  // namespace sluice::mysql
