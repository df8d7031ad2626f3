#include "source/mysql/log_scan.h"

#include <gtest/gtest.h>

#include "wire/mysql/event.h"

namespace sluice::mysql {
namespace {

std::string little(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

// Lays events one behind the other, as a file does.
class Log {
 public:
  std::string event(EventType type, std::string_view body, bool artificial = false) {
    size_t size = kHeaderBytes + body.size();
    if (!artificial) end_ += size;
    return little(++clock_, 4) + little(static_cast<uint8_t>(type), 1) + little(1, 4) + little(size, 4) +
           little(artificial ? 0 : static_cast<uint32_t>(end_), 4) +
           little(artificial ? kFlagArtificial : 0, 2) + std::string(body);
  }
  // Without checksums: the algorithm, 0, stands before the checksum that this event has in any case.
  std::string description() {
    return event(EventType::FormatDescription, std::string(57, '\0') + '\0' + "crc4");
  }
  std::string query(std::string_view sql) {
    return event(EventType::Query, little(1, 4) + little(0, 4) + little(0, 1) + little(0, 2) + little(0, 2) +
                                       little(0, 1) + std::string(sql));
  }
  std::string xid() { return event(EventType::Xid, little(9, 8)); }
  std::string gtid(uint64_t number) {
    return event(EventType::Gtid, little(1, 1) + std::string(16, '\x11') + little(number, 8));
  }
  std::string mariadb_gtid(uint64_t number, bool standalone) {
    return event(EventType::MariaDbGtid,
                 little(number, 8) + little(0, 4) + little(standalone ? 1 : 0, 1) + std::string(6, '\0'));
  }
  std::string rotate(std::string_view file, bool artificial) {
    std::string made = event(EventType::Rotate, little(4, 8) + std::string(file), artificial);
    end_ = 4;
    return made;
  }
  void leave_out(uint64_t bytes) { end_ += bytes; }
  uint64_t end() const { return end_; }

 private:
  uint64_t end_ = 4;
  uint32_t clock_ = 1000;
};

// What is told of one event: `b` it begins a transaction, `.` a reader may begin with it, `-` neither.
char look(LogScan& scan, const std::string& event) {
  Result<void> taken = scan.take(event);
  EXPECT_TRUE(taken) << taken.error().what;
  return scan.begins_transaction() ? 'b' : scan.between() ? '.' : '-';
}

constexpr char kUuid[] = "11111111-1111-1111-1111-111111111111";

TEST(LogScan, WithoutGtids) {
  Log log;
  LogScan scan("bin.000001");
  std::string seen;
  seen += look(scan, log.rotate("bin.000001", true));
  seen += look(scan, log.description());
  uint64_t first = log.end();
  seen += look(scan, log.query("BEGIN"));
  EXPECT_EQ(scan.begin(), first);
  seen += look(scan, log.event(EventType::TableMap, "t"));
  seen += look(scan, log.event(EventType::WriteRows, "r"));
  seen += look(scan, log.xid());
  seen += look(scan, log.query("create table t (a int)"));
  seen += look(scan, log.query("BEGIN"));
  seen += look(scan, log.query("COMMIT"));
  seen += look(scan, log.event(EventType::Stop, ""));
  EXPECT_EQ(seen, "-.b---bb-.");
  EXPECT_EQ(scan.end(), log.end());
  EXPECT_TRUE(scan.gtids().empty());
}

TEST(LogScan, WithGtids) {
  Log log;
  LogScan scan("bin.000001");
  std::string seen;
  seen += look(scan, log.description());
  seen += look(scan, log.event(EventType::PreviousGtids, little(1, 8) + std::string(16, '\x11') +
                                                             little(1, 8) + little(1, 8) + little(3, 8)));
  EXPECT_EQ(scan.gtids().text(), std::string(kUuid) + ":1-2");
  seen += look(scan, log.gtid(3));
  EXPECT_EQ(scan.gtids().text(), std::string(kUuid) + ":1-2");  // before it
  seen += look(scan, log.query("BEGIN"));
  seen += look(scan, log.event(EventType::WriteRows, "r"));
  seen += look(scan, log.xid());
  EXPECT_EQ(scan.gtids().text(), std::string(kUuid) + ":1-3");
  seen += look(scan, log.gtid(4));
  seen += look(scan, log.query("drop table t"));
  seen += look(scan, log.gtid(5));
  seen += look(scan, log.event(EventType::TransactionPayload, "zstd"));
  seen += look(scan, log.gtid(6));  // an empty transaction, or the next one tells that it is over
  seen += look(scan, log.gtid(7));
  EXPECT_EQ(seen, "..b---b-b-bb");
  scan.finish();
  EXPECT_EQ(scan.gtids().text(), std::string(kUuid) + ":1-6");
}

TEST(LogScan, MariaDb) {
  Log log;
  LogScan scan("bin.000001");
  std::string seen;
  seen += look(scan, log.description());
  seen += look(scan, log.mariadb_gtid(1, true));
  seen += look(scan, log.query("create database d"));
  seen += look(scan, log.mariadb_gtid(2, false));
  seen += look(scan, log.query("savepoint a"));
  seen += look(scan, log.xid());
  seen += look(scan, log.event(EventType::BinlogCheckpoint, "c"));
  EXPECT_EQ(seen, ".b-b--.");
}

TEST(LogScan, Xa) {
  Log log;
  LogScan scan("bin.000001");
  std::string seen;
  for (const std::string& event : {log.description(), log.gtid(1), log.query("XA START X'61',X'',1"),
                                   log.event(EventType::WriteRows, "r"), log.query("XA END X'61',X'',1"),
                                   log.event(EventType::XaPrepare, std::string(13, '\0')), log.gtid(2),
                                   log.query("XA COMMIT X'61',X'',1"), log.gtid(3)})
    seen += look(scan, event);
  EXPECT_EQ(seen, ".b----b-b");
  LogScan mariadb("bin.000001");
  seen.clear();
  for (const std::string& event :
       {log.description(), log.mariadb_gtid(1, false), log.event(EventType::WriteRows, "r"),
        log.query("XA END X'61',X'',1"), log.event(EventType::XaPrepare, ""), log.mariadb_gtid(2, false),
        log.query("XA ROLLBACK X'61',X'',1"), log.event(EventType::BinlogCheckpoint, "c")})
    seen += look(mariadb, event);
  EXPECT_EQ(seen, ".b---b-.");
}

TEST(LogScan, TellsWhetherATransactionHasAGtid) {
  Log log;
  LogScan scan("bin.000001");
  std::string anonymous = log.event(EventType::AnonymousGtid, std::string(25, '\0'));
  std::string seen;
  for (const std::string& event :
       {log.query("BEGIN"), log.xid(), anonymous, log.query("BEGIN"), log.xid(), log.gtid(1),
        log.query("BEGIN"), log.xid(), log.query("create database d"), log.gtid(2)}) {
    if (look(scan, event) == 'b') seen += scan.anonymous() ? 'a' : 'g';
  }
  EXPECT_EQ(seen, "aagag");
}

TEST(LogScan, FollowsRotationAndWhatADumpLeavesOut) {
  Log log;
  LogScan scan("bin.000001");
  look(scan, log.description());
  log.leave_out(1000);
  look(scan, log.query("create database d"));
  EXPECT_EQ(scan.end(), log.end());
  EXPECT_EQ(look(scan, log.rotate("bin.000002", false)), '.') << "a place to begin at";
  EXPECT_EQ(scan.file(), "bin.000001") << "where the event stands";
  EXPECT_EQ(scan.end_file(), "bin.000002");
  EXPECT_EQ(scan.end(), 4u);
  EXPECT_EQ(look(scan, log.rotate("bin.000002", true)), '-');
  look(scan, log.description());
  EXPECT_EQ(scan.end(), log.end());
}

TEST(LogScan, OffsetsBeyondFourGigabytes) {
  Log log;
  LogScan scan("bin.000001");
  for (int i = 0; i < 2; ++i) {
    log.leave_out(uint64_t{1} << 31);
    look(scan, log.query("create database d"));
  }
  EXPECT_EQ(scan.end(), log.end());
  EXPECT_GT(scan.end(), uint64_t{1} << 32);
  look(scan, log.query("create database e"));
  EXPECT_EQ(scan.end(), log.end());
}

TEST(LogScan, CutEventsAreFaults) {
  Log log;
  std::string whole = log.gtid(1);
  for (size_t size = 0; size < whole.size(); ++size) {
    LogScan scan("bin.000001");
    EXPECT_FALSE(scan.take(std::string_view(whole).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace sluice::mysql
