// Message: what is sent for a change. Outbox: where an encoder puts messages, and all that they point at.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice {

// `begin`, `end` bound its value in Outbox::bytes, without the line feed that follows it where the format is
// no binary one.
struct Message {
  uint32_t change;         // index into Batch::changes; of a message of several rows, of the last one
  bool no_value = false;   // a tombstone: the key alone is sent
  bool of_before = false;  // it speaks of the row before: a delete, the first half of a change of key
  size_t begin;
  size_t end;
  bool numbered = false;  // it begins with the number of its schema (schema_pool.h), not yet an id
};

// Where a message goes, beside it in Outbox::addresses. Offsets are into Outbox::words.
struct Address {
  static constexpr uint32_t kNone = UINT32_MAX;

  size_t key = 0, headers = 0;
  uint32_t key_size = 0, headers_size = 0;
  bool keyed = false;            // an empty key is not the same as none
  bool numbered = false;         // the key begins with the number of its schema, as Message::numbered
  bool hashed = false;           // `hash` decides on the partition: abs(hash) modulo their number
  uint32_t destination = kNone;  // index into Outbox::destinations; kNone: only until it is routed
  int32_t partition = -1;        // -1: by the hash, else as the target chooses
  int32_t hash = 0;
};

// What a target has besides a place for values.
enum class Places : uint8_t {
  None,   // one place
  Names,  // places with names: files
  Keys,   // and keys and headers: topics, streams
};

// The line of names (Encoder::heading) of message `message` and those behind it in its destination. `begin`
// and `size` bound it in Outbox::words, its line feed included.
struct Heading {
  size_t message;
  size_t begin;
  uint32_t size;
};

class Outbox {
 public:
  Bytes bytes;  // the values, a line feed behind each, or of a binary format nothing
  std::vector<Message> messages;
  // Of formats that have them: of each destination one at least, at its first message.
  std::vector<Heading> headings;
  // What follows is there where the target has places; `addresses` then goes along with `messages`.
  std::vector<Address> addresses;
  Bytes words;  // keys, headers, headings, names of destinations
  struct Name {
    size_t begin;
    uint32_t size;
  };
  std::vector<Name> destinations;  // in `words`

  explicit Outbox(Places places, bool binary = false) : places_(places), lines_(!binary) {}
  explicit Outbox(bool addressed = false, bool binary = false)
      : Outbox(addressed ? Places::Keys : Places::None, binary) {}
  // Whether messages have addresses.
  bool routed() const { return places_ != Places::None; }
  // Whether keys, headers and destinations that the format chooses reach the target; an encoder need not
  // spell them otherwise.
  bool addressed() const { return places_ == Places::Keys; }

  // Whoever calls the encoder: messages from here on are of this change. end_message() is called behind it.
  void begin(uint32_t change) { change_ = change; }

  // The encoder appends a value to `bytes`, then calls these, then end_message(); of the last message of a
  // change it may leave that to the caller. Each at most once a message, and only where addressed(); keys and
  // headers are appended to what they return before the next of them is called.
  Bytes& key();
  // The same of a key that begins with the number of its schema.
  Bytes& numbered_key() {
    address_.numbered = true;
    return key();
  }
  void header(std::string_view name, std::string_view value);
  void destination(std::string_view name);
  void no_value() { no_value_ = true; }
  void of_before() { of_before_ = true; }
  // The value begins with the number of its schema.
  void numbered() { numbered_ = true; }
  // Without a value or no_value() there is no message.
  void end_message();

  // The number of the destination of this name, which is added where it is new.
  uint32_t find_destination(std::string_view name);
  std::string_view word(size_t begin, size_t size) const { return words.view().substr(begin, size); }
  void clear();

 private:
  void end_key();

  const Places places_;
  const bool lines_;
  uint32_t change_ = 0;
  size_t begin_ = 0;  // in `bytes`, of the message in hand
  bool no_value_ = false, of_before_ = false, numbered_ = false, in_key_ = false;
  Address address_;  // of the message in hand
};

inline void Outbox::end_message() {
  size_t end = bytes.size();
  if (end != begin_ || no_value_) {
    if (lines_) bytes.push('\n');
    messages.push_back({change_, no_value_, of_before_, begin_, end, numbered_});
    if (routed()) {
      end_key();
      addresses.push_back(address_);
      address_ = {};
    }
    begin_ = bytes.size();
    no_value_ = of_before_ = numbered_ = false;
  }
}

}  // namespace sluice
