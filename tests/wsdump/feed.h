// A capture that is made while wsdump reads it from a pipe: as long as one likes, without a file,
// and the memory that wsdump takes can be looked at meanwhile.
#pragma once

#include "program.h"

#include <csignal>
#include <string_view>

namespace feed
{

// What was sent, as the capture has it.
struct Segment {
    uint32_t client = 1; // 10.x.y.z
    uint16_t port = 40000;
    bool from_server = false;
    uint32_t sequence = 1, acknowledgment = 1;
    uint8_t flags = 0x18; // PSH and ACK
    std::string_view payload = {};
    uint32_t cut = 0; // bytes of payload behind those, which the snaplen cut off
};

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

class Wsdump
{
public:
    explicit Wsdump(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {WSDUMP_PROGRAM, "-r", "-"});
        int ends[2];
        if (pipe(ends) != 0)
            std::abort();
        child_ = fork();
        if (child_ == 0) {
            dup2(ends[0], 0);
            close(ends[0]);
            close(ends[1]);
            put_in_place(out_.path(), O_WRONLY, 1);
            put_in_place(err_.path(), O_WRONLY, 2);
            become(std::move(arguments));
        }
        close(ends[0]);
        into_ = ends[1];
        signal(SIGPIPE, SIG_IGN);
        const build::PcapFile file(101); // raw IP
        buffer_.append(file.bytes.begin(), file.bytes.end());
    }
    ~Wsdump()
    {
        if (child_ > 0)
            finish();
    }
    Wsdump(const Wsdump &) = delete;
    Wsdump &operator=(const Wsdump &) = delete;

    // At `time`, in microseconds.
    void packet(uint64_t time, const Segment &s)
    {
        const auto captured = static_cast<uint32_t>(40 + s.payload.size());
        const uint32_t original = captured + s.cut;
        little(time / 1000000, 4);
        little(time % 1000000, 4);
        little(captured, 4);
        little(original, 4);
        const uint32_t client = 0x0a000000 | s.client, server = 0xc0000201;
        big(0x4500, 2);
        big(original, 2);
        big(0, 4);
        big(0x4006, 2);
        big(0, 2);
        big(s.from_server ? server : client, 4);
        big(s.from_server ? client : server, 4);
        big(s.from_server ? 80 : s.port, 2);
        big(s.from_server ? s.port : 80, 2);
        big(s.sequence, 4);
        big(s.acknowledgment, 4);
        big(0x5000u | s.flags, 2);
        big(65535, 2);
        big(0, 4);
        buffer_ += s.payload;
        if (buffer_.size() > 65536)
            flush();
    }

    void flush()
    {
        for (size_t at = 0; at < buffer_.size();) {
            const ssize_t n = write(into_, buffer_.data() + at, buffer_.size() - at);
            if (n <= 0)
                break;
            at += static_cast<size_t>(n);
        }
        buffer_.clear();
    }

    // Of /proc/PID/status, in KiB: VmRSS now, VmHWM at most so far. What is still in the pipe, and
    // what wsdump has read ahead, has not counted yet.
    long kib(const std::string &name)
    {
        flush();
        for (const std::string &line :
             lines_of(contents_of("/proc/" + std::to_string(child_) + "/status")))
            if (line.rfind(name + ":", 0) == 0)
                return std::stol(line.substr(name.size() + 1));
        return 0;
    }

    struct Result : Outcome {
        long peak_kib = 0;
    };
    Result finish()
    {
        flush();
        close(into_);
        Result result;
        int status = 0;
        // Not from wait4: a child counts as its own what its parent had when it was forked.
        while (waitpid(child_, &status, WNOHANG) == 0)
            result.peak_kib = std::max(result.peak_kib, kib("VmHWM"));
        result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        child_ = -1;
        result.out = contents_of(out_.path());
        result.err = contents_of(err_.path());
        return result;
    }

private:
    void little(uint64_t value, int width)
    {
        for (int i = 0; i < width; i++)
            buffer_ += static_cast<char>(value >> 8 * i);
    }
    void big(uint64_t value, int width)
    {
        for (int i = width; i-- > 0;)
            buffer_ += static_cast<char>(value >> 8 * i);
    }

    const build::TempFile out_ = build::TempFile({}), err_ = build::TempFile({});
    std::string buffer_;
    int into_ = -1;
    pid_t child_ = -1;
};

// One connection: keeps the sequence numbers.
class Connection
{
public:
    Connection(Wsdump &to, uint32_t client, uint16_t port) : to_(to), client_(client), port_(port)
    {
    }

    void open(uint64_t time)
    {
        send(time, false, SYN);
        send(time, true, SYN | ACK);
        send(time, false, ACK);
    }
    void handshake(uint64_t time, std::string_view more = {})
    {
        static const std::string common = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
        say(time, false,
            "GET / HTTP/1.1\r\nHost: a\r\n" + common +
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                std::string(more) + "\r\n");
        say(time, true,
            "HTTP/1.1 101 x\r\n" + common +
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + std::string(more) +
                "\r\n");
    }
    void say(uint64_t time, bool from_server, std::string_view payload, uint32_t cut = 0)
    {
        send(time, from_server, 0x18, payload, cut);
    }
    // Bytes that no packet has.
    void lose(bool from_server, uint32_t bytes)
    {
        next_[from_server] += bytes;
    }
    void close(uint64_t time)
    {
        send(time, false, FIN | ACK);
        send(time, true, FIN | ACK);
        send(time, false, ACK);
    }

private:
    void send(uint64_t time, bool from_server, uint8_t flags, std::string_view payload = {},
              uint32_t cut = 0)
    {
        to_.packet(time, {client_, port_, from_server, next_[from_server], next_[!from_server],
                          flags, payload, cut});
        next_[from_server] += static_cast<uint32_t>(payload.size()) + cut + (flags & 3 ? 1 : 0);
    }

    Wsdump &to_;
    uint32_t client_;
    uint16_t port_;
    uint32_t next_[2] = {1000, 5000};
};

} // namespace feed
