#include "pipeline/packed.h"

#include <map>
#include <set>

#include "base/cursor.h"
#include "format/schema_pool.h"
#include "pipeline/template.h"

namespace sluice {
namespace {

// version, flags, whole, position, destinations, then a record for every message, which repeats nothing of
// the one before. Numbers are little-endian. The same message gives the same bytes on every reading of the
// log, but for the numbers of schemas.
constexpr uint8_t kVersion = 1;
// Of a delivery. kSchemas: behind the destinations stand the schemas of which messages bear the numbers,
// since another process numbers them in its own way.
constexpr uint8_t kAddressed = 1, kPosition = 2, kBinary = 4, kSchemas = 8;
// Of a record.
constexpr uint16_t kNewChange = 1, kNewTransaction = 2, kNewEvent = 4, kNewTable = 8, kNoValue = 16,
                   kOfBefore = 32, kKeyed = 64, kHashed = 128, kHeading = 256, kNumbered = 512,
                   kKeyNumbered = 1024;

constexpr size_t kKeepBytes = 8u << 20;  // from one delivery to the next

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  template <class T>
  void number(T value) {
    out_.append({reinterpret_cast<const char*>(&value), sizeof value});
  }
  void text(std::string_view text) {
    number(static_cast<uint32_t>(text.size()));
    out_.append(text);
  }

 private:
  Bytes& out_;
};

std::string_view text(Cursor& in) { return in.bytes(in.u32()); }

void put_transaction(Writer& write, const Transaction& transaction) {
  write.text(transaction.id);
  write.text(transaction.gtid);
  write.text(transaction.xa);
  write.number(transaction.commit_us);
  write.number(transaction.xid);
  write.number(transaction.begin);
}

Transaction take_transaction(Cursor& in, Arena& arena) {
  Transaction transaction;
  transaction.id = arena.copy(text(in));
  transaction.gtid = arena.copy(text(in));
  transaction.xa = arena.copy(text(in));
  transaction.commit_us = in.u64();
  transaction.xid = in.u64();
  transaction.begin = in.u64();
  return transaction;
}

void put_event(Writer& write, const Event& event) {
  write.text(event.file);
  write.number(event.offset);
  write.number(event.next);
  write.number(event.timestamp);
  write.number(event.server_id);
  write.number(event.thread_id);
  write.text(event.database);
  write.text(event.ddl_table);
}

Event take_event(Cursor& in, Arena& arena) {
  Event event;
  event.file = arena.copy(text(in));
  event.offset = in.u64();
  event.next = in.u64();
  event.timestamp = in.u32();
  event.server_id = in.u32();
  event.thread_id = in.u32();
  event.database = arena.copy(text(in));
  event.ddl_table = arena.copy(text(in));
  return event;
}

// Of its columns, those of the primary key.
void put_table(Writer& write, const Table* table) {
  write.number(static_cast<uint8_t>(table != nullptr));
  if (!table) return;
  write.text(table->database);
  write.text(table->name);
  write.number(static_cast<uint32_t>(table->key.size()));
  for (uint32_t column : table->key) write.text(table->columns[column].name);
}

const Table* take_table(Cursor& in, Batch& batch) {
  if (in.u8() == 0) return nullptr;
  Table table;
  table.database = text(in);
  table.name = text(in);
  for (uint32_t n = in.u32(), i = 0; i < n && !in.bad(); ++i) {
    table.columns.emplace_back().name = text(in);
    table.key.push_back(i);
  }
  batch.tables.push_back(freeze(std::move(table)));
  return batch.tables.back().get();
}

// The key's values, as plain text.
void put_row(Writer& write, const Change& change, const Row& row) {
  write.number(static_cast<uint8_t>(row.cells != nullptr));
  if (!row || !change.table) return;
  Bytes value;
  for (uint32_t column : change.table->key) {
    value.clear();
    append_value(value, change, row, column);
    write.text(value.view());
  }
}

Row take_row(Cursor& in, const Table* table, Arena& arena) {
  if (in.u8() == 0 || !table) return {};
  auto count = static_cast<uint32_t>(table->columns.size());
  Cell* cells = arena.array<Cell>(count);
  Row row{cells, count, 0};
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view value = arena.copy(text(in));
    Cell cell;
    cell.kind = Kind::Blob;
    cell.size = static_cast<uint32_t>(value.size());
    cell.data = value.data();
    cells[i] = cell;
    row.text_bytes += cell.size;
  }
  return row;
}

void put_address(Writer& write, const Delivery& delivery, size_t message) {
  const Address& address = delivery.address(message);
  write.number(address.destination);
  write.number(address.partition);
  write.number(address.hash);
  write.text(delivery.key(message));
  write.text(delivery.outbox->word(address.headers, address.headers_size));
}

Address take_address(Cursor& in, Outbox& out, const std::vector<uint32_t>& destinations, uint16_t flags) {
  Address address;
  uint32_t number = in.u32();
  if (number >= destinations.size()) {
    in.fail();
  } else {
    address.destination = destinations[number];
  }
  address.partition = static_cast<int32_t>(in.u32());
  address.hash = static_cast<int32_t>(in.u32());
  address.keyed = (flags & kKeyed) != 0;
  address.numbered = (flags & kKeyNumbered) != 0;
  address.hashed = (flags & kHashed) != 0;
  std::string_view key = text(in), headers = text(in);
  address.key = out.words.size();
  address.key_size = static_cast<uint32_t>(key.size());
  out.words.append(key);
  address.headers = out.words.size();
  address.headers_size = static_cast<uint32_t>(headers.size());
  out.words.append(headers);
  return address;
}

// The numbers of the schemas that messages and keys begin with.
std::set<uint32_t> schema_numbers(const Delivery& delivery) {
  std::set<uint32_t> numbers;
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    if (delivery.messages[i].numbered) numbers.insert(head_number(delivery.value(i).data()));
    if (delivery.outbox && delivery.address(i).numbered) numbers.insert(head_number(delivery.key(i).data()));
  }
  return numbers;
}

void put_schemas(Writer& write, const std::set<uint32_t>& numbers) {
  write.number(static_cast<uint32_t>(numbers.size()));
  for (uint32_t number : numbers) {
    const PooledSchema& schema = *find_schema(number);
    write.number(number);
    write.number(static_cast<uint8_t>(schema.language));
    write.text(schema.name);
    write.text(schema.text);
  }
}

// By the numbers that they had, those that they have here.
using Renumbered = std::map<uint32_t, uint32_t>;

Renumbered take_schemas(Cursor& in) {
  Renumbered made;
  for (uint32_t n = in.u32(); n > 0 && !in.bad(); --n) {
    uint32_t number = in.u32();
    auto language = static_cast<SchemaLanguage>(in.u8());
    if (language > SchemaLanguage::Protobuf) in.fail();
    std::string name(text(in)), schema(text(in));
    if (!in.bad()) made[number] = schema_number(language, name, schema);
  }
  return made;
}

void renumber(Cursor& in, const Renumbered& numbers, char* head, size_t size) {
  auto known = size < kSchemaHead ? numbers.end() : numbers.find(head_number(head));
  if (known == numbers.end()) return in.fail();
  set_head_number(head, known->second);
}

uint16_t flags_of(const Delivery& delivery, size_t i) {
  const Message& message = delivery.messages[i];
  uint16_t flags = (message.no_value ? kNoValue : 0) | (message.of_before ? kOfBefore : 0) |
                   (message.numbered ? kNumbered : 0);
  if (delivery.outbox) {
    const Address& address = delivery.address(i);
    flags |=
        (address.keyed ? kKeyed : 0) | (address.hashed ? kHashed : 0) | (address.numbered ? kKeyNumbered : 0);
  }
  if (i > 0 && delivery.messages[i - 1].change == message.change) return flags;
  flags |= kNewChange;
  const std::vector<Change>& changes = delivery.batch.changes;
  const Change* last = i > 0 ? &changes[delivery.messages[i - 1].change] : nullptr;
  const Change& change = changes[message.change];
  if (!last || last->transaction != change.transaction) flags |= kNewTransaction;
  if (!last || last->event != change.event) flags |= kNewEvent;
  if (!last || last->table != change.table) flags |= kNewTable;
  return flags;
}

// `heading`: of this message or a later one; is moved on.
void put_message(Writer& write, const Delivery& delivery, size_t i, size_t& heading) {
  const Batch& batch = delivery.batch;
  const Change& change = batch.changes[delivery.messages[i].change];
  uint16_t flags = flags_of(delivery, i);
  bool headed = heading < delivery.headings.size() && delivery.headings[heading].message == i;
  write.number(static_cast<uint16_t>(flags | (headed ? kHeading : 0)));
  if (headed) write.text(delivery.text(delivery.headings[heading++]));
  if (flags & kNewTransaction) put_transaction(write, batch.transactions[change.transaction]);
  if (flags & kNewEvent) put_event(write, batch.events[change.event]);
  if (flags & kNewTable) put_table(write, change.table);
  if (flags & kNewChange) {
    write.number(static_cast<uint8_t>(static_cast<uint8_t>(change.op) | (change.last ? 0x80 : 0)));
    write.number(change.index);
    put_row(write, change, change.before);
    put_row(write, change, change.after);
  }
  if (delivery.outbox) put_address(write, delivery, i);
  write.text(delivery.value(i));
}

}  // namespace

void pack(const Delivery& delivery, Bytes& out) {
  Writer write(out);
  write.number(kVersion);
  std::set<uint32_t> schemas = schema_numbers(delivery);
  write.number(static_cast<uint8_t>((delivery.outbox ? kAddressed : 0) | (delivery.position ? kPosition : 0) |
                                    (delivery.binary ? kBinary : 0) | (schemas.empty() ? 0 : kSchemas)));
  write.number(uint64_t{delivery.whole});
  // Whose log the events' places are of.
  write.text(delivery.batch.resume.server_uuid);
  if (delivery.position) write.text(to_text(*delivery.position));
  size_t destinations = delivery.outbox ? delivery.destinations() : 0;
  write.number(static_cast<uint32_t>(destinations));
  for (uint32_t i = 0; i < destinations; ++i) write.text(delivery.destination(i));
  if (!schemas.empty()) put_schemas(write, schemas);
  write.number(static_cast<uint32_t>(delivery.messages.size()));
  size_t heading = 0;
  for (size_t i = 0; i < delivery.messages.size(); ++i) put_message(write, delivery, i, heading);
}

Result<PackedHead> peek(std::string_view packed) {
  Cursor in(packed);
  if (in.u8() != kVersion) return fatal("it was packed by another version of this program");
  PackedHead head;
  bool placed = (in.u8() & kPosition) != 0;
  head.whole = in.u64() != Delivery::kInside;
  text(in);  // the server
  if (placed) {
    SLUICE_ASSIGN(parsed, parse_position(text(in)));
    head.position = std::move(parsed);
  }
  if (in.bad()) return fatal("it is damaged");
  return head;
}

void Unpacked::clear() {
  batch_.reset();
  out_.clear();
  out_.bytes.shrink(kKeepBytes);
  out_.words.shrink(kKeepBytes);
  whole_ = Delivery::kInside;
  position_.reset();
}

Result<void> Unpacked::append(std::string_view packed) {
  Cursor in(packed);
  if (in.u8() != kVersion) return fatal("it was packed by another version of this program");
  uint8_t kinds = in.u8();
  addressed_ = (kinds & kAddressed) != 0;
  binary_ = (kinds & kBinary) != 0;
  uint64_t whole = in.u64();
  whole_ = whole == Delivery::kInside ? whole : out_.messages.size() + whole;
  batch_.resume.server_uuid = text(in);
  position_.reset();
  if (kinds & kPosition) {
    SLUICE_ASSIGN(parsed, parse_position(text(in)));
    batch_.resume = parsed;
    position_ = std::move(parsed);
  }
  std::vector<uint32_t> destinations;
  for (uint32_t n = in.u32(); n > 0 && !in.bad(); --n) {
    destinations.push_back(out_.find_destination(text(in)));
  }
  Renumbered schemas;
  if (kinds & kSchemas) schemas = take_schemas(in);
  const Table* table = nullptr;
  for (uint32_t n = in.u32(); n > 0 && !in.bad(); --n) {
    uint16_t flags = in.u16();
    if (flags & kHeading) {
      std::string_view heading = text(in);
      out_.headings.push_back(
          {out_.messages.size(), out_.words.size(), static_cast<uint32_t>(heading.size())});
      out_.words.append(heading);
    }
    if (flags & kNewTransaction) batch_.transactions.push_back(take_transaction(in, batch_.arena));
    if (flags & kNewEvent) batch_.events.push_back(take_event(in, batch_.arena));
    if (flags & kNewTable) table = take_table(in, batch_);
    if (flags & kNewChange) {
      uint8_t op = in.u8();
      uint32_t index = in.u32();
      if ((op & 0x7f) > static_cast<uint8_t>(Op::Ddl) || batch_.events.empty() || batch_.transactions.empty())
        in.fail();
      batch_.changes.push_back({.op = static_cast<Op>(op & 0x7f),
                                .last = (op & 0x80) != 0,
                                .index = index,
                                .transaction = static_cast<uint32_t>(batch_.transactions.size() - 1),
                                .event = static_cast<uint32_t>(batch_.events.size() - 1),
                                .table = table});
      batch_.changes.back().before = take_row(in, table, batch_.arena);
      batch_.changes.back().after = take_row(in, table, batch_.arena);
    }
    if (batch_.changes.empty()) in.fail();
    if (addressed_) {
      Address address = take_address(in, out_, destinations, flags);
      if (address.numbered) renumber(in, schemas, out_.words.data() + address.key, address.key_size);
      out_.addresses.push_back(address);
    }
    std::string_view value = text(in);
    size_t begin = out_.bytes.size();
    out_.bytes.append(value);
    if (flags & kNumbered) renumber(in, schemas, out_.bytes.data() + begin, value.size());
    out_.messages.push_back({.change = static_cast<uint32_t>(batch_.changes.size() - 1),
                             .no_value = (flags & kNoValue) != 0,
                             .of_before = (flags & kOfBefore) != 0,
                             .begin = begin,
                             .end = begin + value.size(),
                             .numbered = (flags & kNumbered) != 0});
    if (!binary_) out_.bytes.push('\n');
  }
  bool fits = whole == Delivery::kInside || whole_ <= out_.messages.size();
  if (in.bad() || !in.done() || !fits) return fatal("it is damaged");
  return {};
}

Delivery Unpacked::delivery(uint64_t sequence) {
  batch_.sequence = sequence;
  return {batch_,
          out_.messages,
          out_.bytes.view(),
          whole_,
          position_ ? &*position_ : nullptr,
          addressed_ ? &out_ : nullptr,
          out_.headings,
          out_.words.view(),
          binary_};
}

Delivery Unpacked::closed_delivery(uint64_t sequence, const Position& position) {
  batch_.resume = position;
  whole_ = out_.messages.size();
  position_ = position;
  return delivery(sequence);
}

}  // namespace sluice
