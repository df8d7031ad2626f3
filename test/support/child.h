// A child process for what must not happen to the tests themselves: to be killed, to lose a right, to have a
// small disk.
#pragma once

#include <functional>
#include <string>

namespace sluice::test {

// Runs `work` in a forked child and waits for it: the text that it returned, or how the child died. The child
// may not use threads that were started before.
std::string in_child(const std::function<std::string()>& work);

// For use in a child. Both end the child with a message where the machine does not allow it.
void become_nobody();
// Mounts a memory file system of this size on `folder`, for the child alone.
void mount_small_disk(const std::string& folder, size_t bytes);

}  // namespace sluice::test
