// A bare bulk loader, to measure sinks against: posts ready-made bodies by libcurl's easy interface.
//   bulk_loader CONNECTIONS LIST    LIST: lines of `URL<TAB>file`, dealt out to the connections in turn
// Fails where an answer is not 200.
#include <curl/curl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct Request {
  std::string url, body;
};

size_t drop(char*, size_t, size_t size, void*) { return size; }

void send(const std::vector<Request>& requests, size_t first, size_t step, std::atomic<bool>& failed) {
  CURL* easy = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");
  headers = curl_slist_append(headers, "Content-Type: application/x-ndjson");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  for (size_t i = first; i < requests.size() && !failed; i += step) {
    curl_easy_setopt(easy, CURLOPT_URL, requests[i].url.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(requests[i].body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, requests[i].body.data());
    long status = 0;
    if (curl_easy_perform(easy) == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) continue;
    std::fprintf(stderr, "%s: status %ld\n", requests[i].url.c_str(), status);
    failed = true;
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  curl_global_init(CURL_GLOBAL_ALL);
  std::vector<Request> requests;
  std::ifstream list(arguments[2]);
  for (std::string line; std::getline(list, line);) {
    size_t tab = line.find('\t');
    std::ifstream file(line.substr(tab + 1), std::ios::binary);
    requests.push_back({line.substr(0, tab), std::string(std::istreambuf_iterator<char>(file), {})});
  }
  std::puts("ready");  // what follows is measured
  std::fflush(stdout);
  size_t connections = std::strtoul(arguments[1], nullptr, 10);
  std::atomic<bool> failed = false;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&, i] { send(requests, i, connections, failed); });
  }
  for (std::thread& thread : threads) thread.join();
  return failed ? 1 : 0;
}
