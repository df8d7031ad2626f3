#include "format/schema_pool.h"

#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>

namespace sluice {
namespace {

class Pool {
 public:
  uint32_t number(SchemaLanguage language, const std::string& name, const std::string& text) {
    std::lock_guard lock(mutex_);
    auto [found, fresh] =
        numbers_.try_emplace({language, name, text}, static_cast<uint32_t>(schemas_.size()));
    if (fresh) schemas_.push_back({language, name, text});
    return found->second;
  }
  const PooledSchema* find(uint32_t number) {
    std::lock_guard lock(mutex_);
    return number < schemas_.size() ? &schemas_[number] : nullptr;
  }

 private:
  std::mutex mutex_;
  std::deque<PooledSchema> schemas_;  // by number; they do not move
  std::map<std::tuple<SchemaLanguage, std::string, std::string>, uint32_t> numbers_;
};

Pool& pool() {
  static Pool the;
  return the;
}

}  // namespace

uint32_t schema_number(SchemaLanguage language, const std::string& name, const std::string& text) {
  return pool().number(language, name, text);
}

const PooledSchema* find_schema(uint32_t number) { return pool().find(number); }

std::string schema_head(SchemaLanguage language, uint32_t number) {
  std::string head(language == SchemaLanguage::Protobuf ? kSchemaHead + 1 : kSchemaHead, '\0');
  set_head_number(head.data(), number);
  return head;
}

uint32_t head_number(const char* head) {
  uint32_t number;
  std::memcpy(&number, head + 1, sizeof number);
  return __builtin_bswap32(number);
}

void set_head_number(char* head, uint32_t number) {
  number = __builtin_bswap32(number);
  std::memcpy(head + 1, &number, sizeof number);
}

}  // namespace sluice
