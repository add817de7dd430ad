import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.util.*;

/** Prints all characters of charsets according to Java, in the line format of oracle.py. */
class Oracle {
    static final Map<String, String> NAMES = Map.ofEntries(
        Map.entry("ascii", "US-ASCII"), Map.entry("euc-kr", "EUC-KR"), Map.entry("cp949", "x-windows-949"),
        Map.entry("johab", "x-Johab"), Map.entry("ibm933", "x-IBM933"), Map.entry("ibm1364", "x-IBM1364"),
        Map.entry("ibm833", "x-IBM833"), Map.entry("ibm834", "x-IBM834"), Map.entry("cp037", "IBM037"),
        Map.entry("cp500", "IBM500"), Map.entry("cp1047", "IBM1047"), Map.entry("cp1140", "IBM01140"),
        Map.entry("cp932", "windows-31j"), Map.entry("jisx0201", "JIS_X0201"), Map.entry("ibm930", "x-IBM930"),
        Map.entry("ibm939", "x-IBM939"), Map.entry("ibm1390", "x-IBM1390"), Map.entry("ibm1399", "x-IBM1399"),
        Map.entry("iso-8859-1", "ISO-8859-1"), Map.entry("iso-8859-15", "ISO-8859-15"),
        Map.entry("windows-1252", "windows-1252"));
    static final Set<String> SHIFTED = Set.of("ibm933", "ibm1364", "ibm930", "ibm939", "ibm1390", "ibm1399");

    public static void main(String[] charsets) {
        for (String charset : charsets) {
            String name = NAMES.get(charset);
            if (name == null || !Charset.isSupported(name)) continue;
            StringBuilder out = new StringBuilder("c ").append(charset).append('\n');
            all(Charset.forName(name), SHIFTED.contains(charset), out);
            System.out.print(out);
        }
    }

    static void all(Charset charset, boolean shifted, StringBuilder out) {
        CharsetDecoder decoder = charset.newDecoder();
        CharBuffer characters = CharBuffer.allocate(8);
        for (int code = 0; code < 0x10000; code++) {
            if (code < 0x4030 && code > 255 || shifted && (code == 14 || code == 15)) continue;
            byte[] bytes = code < 256 ? new byte[] {(byte) code} : new byte[] {(byte) (code >> 8), (byte) code};
            byte[] wire = shifted && code > 255 ? new byte[] {14, bytes[0], bytes[1], 15} : bytes;
            characters.clear();
            boolean read = decoder.reset().decode(ByteBuffer.wrap(wire), characters, true).isUnderflow()
                && decoder.flush(characters).isUnderflow();
            if (read && characters.position() == 1)
                out.append("d ").append(hex(bytes)).append(' ').append(hex(characters.get(0))).append('\n');
        }
        CharsetEncoder encoder = charset.newEncoder();
        ByteBuffer room = ByteBuffer.allocate(16);
        for (int point = 0; point < 0x20000; point++) {
            if (point >= 0xD800 && point < 0xE000) continue;
            room.clear();
            boolean written = encoder.reset().encode(CharBuffer.wrap(Character.toChars(point)), room, true).isUnderflow()
                && encoder.flush(room).isUnderflow();
            if (!written || room.position() == 0) continue;
            byte[] code = Arrays.copyOf(room.array(), room.position());
            if (shifted && code.length == 4) code = new byte[] {code[1], code[2]};
            out.append("e ").append(hex(point)).append(' ').append(hex(code)).append('\n');
        }
    }

    static String hex(int point) { return HexFormat.of().toHexDigits(point); }

    static String hex(byte[] bytes) { return HexFormat.of().formatHex(bytes); }
}
