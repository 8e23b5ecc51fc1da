// Both ends of a TCP connection on the loopback interface.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

class Loopback
{
public:
    Loopback()
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t len = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        listener_ = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener_, generic, len) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, generic, &len) != 0)
            std::abort();
        address_ = address;
        port = ntohs(address.sin_port);
        filter = "tcp port " + std::to_string(port);
    }
    ~Loopback()
    {
        close(listener_);
    }
    Loopback(const Loopback &) = delete;
    Loopback &operator=(const Loopback &) = delete;

    // A client's handshake and one text.
    void converse() const
    {
        converse(1, [] {});
    }
    // The same with many texts; `before_end` is called before the connection ends.
    void converse(int texts, const std::function<void()> &before_end) const
    {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, reinterpret_cast<const sockaddr *>(&address_), sizeof address_) != 0)
            std::abort();
        const int server = accept(listener_, nullptr, nullptr);
        say(client, server, "GET /live HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        say(server, client, "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n");
        for (int i = 0; i < texts; i++)
            say(server, client, "\x81\x05hello");
        before_end();
        close(client);
        close(server);
    }

    uint16_t port;
    std::string filter; // BPF

    // The same with one text, a large one that `filter_of_small` leaves out, and one more; then the
    // server resets the connection.
    void lose(const std::function<void()> &before_reset) const
    {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, reinterpret_cast<const sockaddr *>(&address_), sizeof address_) != 0)
            std::abort();
        const int server = accept(listener_, nullptr, nullptr);
        say(client, server, "GET /live HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        say(server, client, "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n");
        say(server, client, "\x81\x05hello");
        say(server, client, "\x81\x7e\x03\xe8" + std::string(1000, 'x'));
        say(server, client, "\x81\x05hello");
        before_reset();
        const linger at_once = {1, 0};
        setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(server);
        close(client);
    }
    std::string filter_of_small() const
    {
        return filter + " and less 900";
    }

private:
    static void say(int from, int to, std::string_view text)
    {
        char heard[2048];
        if (write(from, text.data(), text.size()) < 0 || read(to, heard, sizeof heard) <= 0)
            std::abort();
    }

    int listener_;
    sockaddr_in address_;
};
