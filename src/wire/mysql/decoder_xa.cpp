// The decoder's part in XA transactions of two phases. What comes before the PREPARE is set aside and goes
// through the decoder once the COMMIT is there, as a part of the COMMIT's transaction.
#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {

Result<void> Decoder::Impl::begin_prepared(std::string xid) {
  tx_.block = true;
  tx_.xa = std::move(xid);
  return prepared_.begin(tx_.xa);
}

// Whether the event belongs to the transaction that is being prepared, and was set aside.
Result<bool> Decoder::Impl::set_aside(const EventHeader& header, std::string_view event,
                                      std::string_view body) {
  if (!belongs_between_bounds(header.type)) return false;
  SLUICE_TRY(prepared_.add(event, body));
  return true;
}

// Body (libbinlogevents/include/control_events.h, XA_prepare_event): one phase u8, format u32, lengths u32
// and the two parts of the name, which the event that began it told.
Result<bool> Decoder::Impl::xa_prepare(const EventHeader& header, std::string_view body, Batch& batch) {
  bool one_phase = Cursor(body).u8() != 0;
  if (!prepared_.is_reading()) {
    if (!prepared_.is_writing()) return fatal("an XA transaction is prepared that did not begin");
    SLUICE_TRY(prepared_.prepare());
    if (!one_phase) {
      end_transaction(batch);
      return true;
    }
  }
  return xa_commit(header, tx_.xa, batch);
}

// False: the batch is full, and there is more.
Result<bool> Decoder::Impl::xa_commit(const EventHeader& commit, const std::string& xid, Batch& batch) {
  if (!prepared_.is_reading()) {
    SLUICE_ASSIGN(known, prepared_.open(xid));
    if (!known && options_.skip_lost) {
      end_transaction(batch);
      return skip(commit, "what it commits was prepared before the place where reading began");
    }
    if (!known) {
      return fatal(
          "the XA transaction {} is committed, but was prepared before the place where reading began: its "
          "changes are not known. Begin before its XA PREPARE, or behind this event, or set lost_changes to "
          "skip",
          xid);
    }
    tx_.block = true;
    tx_.xa = xid;
  }
  SLUICE_ASSIGN(whole, replay(prepared_, commit.timestamp, batch));
  if (!whole) return false;
  prepared_.close();
  end_transaction(batch);
  GtidSet own;
  if (tx_.has_gtid && tx_.gtid.flavor == Flavor::MariaDb)
    own.set(tx_.gtid.domain, tx_.gtid.server_id, tx_.gtid.number);
  else if (tx_.has_gtid)
    own.add(tx_.gtid.sid, tx_.gtid.number);
  prepared_.committed(xid, std::move(own), position_);
  return true;
}

}  // namespace sluice::mysql
