import java.io.*;
import java.nio.file.*;
import java.util.*;
import org.bouncycastle.bcpg.*;
import org.bouncycastle.openpgp.*;
import org.bouncycastle.openpgp.operator.bc.*;

public class Peer {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("verify")) {
            for (int i = 1; i + 2 < args.length; i += 3) {
                System.out.println(verify(args[i], args[i + 1], args[i + 2]));
            }
        } else {
            sign(args[1], args[2], Long.parseLong(args[3]));
        }
    }

    static InputStream open(String path) throws IOException {
        return PGPUtil.getDecoderStream(new ByteArrayInputStream(Files.readAllBytes(Paths.get(path))));
    }

    static String verify(String certificates, String signature, String data) {
        try {
            PGPPublicKeyRingCollection rings =
                new PGPPublicKeyRingCollection(open(certificates), new BcKeyFingerprintCalculator());
            Object first = new PGPObjectFactory(open(signature), new BcKeyFingerprintCalculator()).nextObject();
            PGPSignature made = ((PGPSignatureList) first).get(0);
            PGPPublicKey key = rings.getPublicKey(made.getKeyID());
            if (key == null) {
                return "missing";
            }
            made.init(new BcPGPContentVerifierBuilderProvider(), key);
            made.update(Files.readAllBytes(Paths.get(data)));
            return made.verify() ? "good" : "bad";
        } catch (Exception error) {
            return "error " + error;
        }
    }

    static void sign(String path, String data, long seconds) throws Exception {
        PGPSecretKeyRing ring = new PGPSecretKeyRing(open(path), new BcKeyFingerprintCalculator());
        PGPSecretKey chosen = null;
        for (Iterator<PGPSecretKey> keys = ring.getSecretKeys(); keys.hasNext();) {
            PGPSecretKey key = keys.next();
            if (key.isSigningKey() && (chosen == null || chosen.isMasterKey())) {
                chosen = key;
            }
        }
        PGPPrivateKey secret = chosen.extractPrivateKey(null);
        PGPSignatureGenerator generator = new PGPSignatureGenerator(
            new BcPGPContentSignerBuilder(chosen.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA512));
        generator.init(PGPSignature.BINARY_DOCUMENT, secret);
        PGPSignatureSubpacketGenerator hashed = new PGPSignatureSubpacketGenerator();
        hashed.setSignatureCreationTime(false, new Date(seconds * 1000));
        hashed.setIssuerFingerprint(false, chosen.getPublicKey());
        generator.setHashedSubpackets(hashed.generate());
        generator.update(Files.readAllBytes(Paths.get(data)));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ArmoredOutputStream armored = new ArmoredOutputStream(out);
             BCPGOutputStream packets = new BCPGOutputStream(armored)) {
            generator.generate().encode(packets);
        }
        System.out.write(out.toByteArray());
        System.out.flush();
    }
}
