import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.*;
import java.util.*;

/** All characters of one charset as Java knows them: see oracle.py, whose lines these are. */
class Oracle {
    static final Map<String, String> NAMES = Map.ofEntries(
        Map.entry("ascii", "US-ASCII"), Map.entry("euc-kr", "EUC-KR"), Map.entry("cp949", "x-windows-949"),
        Map.entry("johab", "x-Johab"), Map.entry("ibm933", "x-IBM933"), Map.entry("ibm1364", "x-IBM1364"),
        Map.entry("ibm833", "x-IBM833"), Map.entry("ibm834", "x-IBM834"), Map.entry("cp037", "IBM037"),
        Map.entry("cp500", "IBM500"), Map.entry("cp1047", "IBM1047"), Map.entry("cp1140", "IBM01140"),
        Map.entry("cp932", "windows-31j"), Map.entry("jisx0201", "JIS_X0201"), Map.entry("ibm930", "x-IBM930"),
        Map.entry("ibm939", "x-IBM939"));
    static final Set<String> SHIFTED = Set.of("ibm933", "ibm1364", "ibm930", "ibm939");

    public static void main(String[] arguments) {
        String name = NAMES.get(arguments[0]);
        if (name == null || !Charset.isSupported(name)) System.exit(3);
        boolean shifted = SHIFTED.contains(arguments[0]);
        StringBuilder out = new StringBuilder();
        CharsetDecoder decoder = Charset.forName(name).newDecoder();
        for (int code = 0; code < 0x10000; code++) {
            byte[] bytes = code < 256 ? new byte[] {(byte) code} : new byte[] {(byte) (code >> 8), (byte) code};
            if (code < 0x4030 && code > 255 || shifted && (code == 14 || code == 15)) continue;
            byte[] wire = shifted && code > 255 ? new byte[] {14, bytes[0], bytes[1], 15} : bytes;
            try {
                String text = decoder.reset().decode(ByteBuffer.wrap(wire)).toString();
                if (text.length() == 1) out.append("d ").append(hex(bytes)).append(String.format(" %04x\n", (int) text.charAt(0)));
            } catch (CharacterCodingException refused) { }
        }
        CharsetEncoder encoder = Charset.forName(name).newEncoder();
        for (int point = 0; point < 0x20000; point++) {
            if (point >= 0xD800 && point < 0xE000) continue;
            try {
                ByteBuffer bytes = encoder.reset().encode(CharBuffer.wrap(Character.toChars(point)));
                byte[] code = Arrays.copyOf(bytes.array(), bytes.limit());
                if (shifted && code.length == 4) code = new byte[] {code[1], code[2]};
                out.append(String.format("e %04x ", point)).append(hex(code)).append('\n');
            } catch (CharacterCodingException refused) { }
        }
        System.out.print(out);
    }

    static String hex(byte[] bytes) { return HexFormat.of().formatHex(bytes); }
}
