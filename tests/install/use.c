#include <wsproto/wsproto.h>

#include <stdio.h>

int main(void)
{
    const uint8_t frame[] = {0x81, 0x02, 'H', 'i'};
    wsp_frame_header h;
    wsp_frame_header_decode(&h, frame, sizeof frame);
    printf("%02x %02x %02x %02x: %s, %d bytes\n", frame[0], frame[1], frame[2], frame[3],
           wsp_opcode_name(h.opcode), (int)h.payload_length);
    return 0;
}
