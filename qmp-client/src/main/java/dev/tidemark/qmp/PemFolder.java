// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A folder of certificates and keys as QEMU reads it: `ca-cert.pem`, `NAME-cert.pem`,
/// `NAME-key.pem`.
final class PemFolder {
  private static final int MAX_BYTES = 1 << 20;
  private static final char[] NO_PASSWORD = new char[0];
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END");

  /// What PKCS#8 puts around an RSA key of PKCS#1, which is what `certtool` writes: version 0 and
  /// the algorithm's name, 1.2.840.113549.1.1.1.
  private static final byte[] RSA_HEADER = {
    0x02,
    0x01,
    0x00,
    0x30,
    0x0d,
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  private PemFolder() {}

  /// @param name `client` or `server`
  /// @param required whether there must be a certificate of that name
  static SSLContext context(Path folder, String name, boolean required) throws IOException {
    Path certificate = folder.resolve(name + "-cert.pem");
    try {
      KeyStore trusted = newStore();
      int i = 0;
      for (Certificate each : certificates(folder.resolve("ca-cert.pem"))) {
        trusted.setCertificateEntry("ca-" + i++, each);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      KeyStore own = newStore();
      if (required || Files.exists(certificate)) {
        own.setKeyEntry(
            name,
            key(folder.resolve(name + "-key.pem")),
            NO_PASSWORD,
            certificates(certificate).toArray(Certificate[]::new));
      }
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, NO_PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(folder + ": cannot be used for TLS: " + e.getMessage(), e);
    }
  }

  private static KeyStore newStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file) throws IOException {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(read(file)));
      if (found.isEmpty()) {
        throw new IOException(file + ": no certificate in it");
      }
      return found;
    } catch (GeneralSecurityException e) {
      throw new IOException(file + ": not a certificate: " + e.getMessage(), e);
    }
  }

  private static PrivateKey key(Path file) throws IOException {
    Matcher pem = KEY.matcher(new String(read(file), StandardCharsets.US_ASCII));
    if (!pem.find()) {
      throw new IOException(
          file + ": no private key in it that can be read; see openssl pkcs8 -topk8 -nocrypt");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pem.group(2));
      boolean rsa = pem.group(1).startsWith("RSA");
      return decoded(new PKCS8EncodedKeySpec(rsa ? asPkcs8(der) : der));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(file + ": not a private key", e);
    }
  }

  /// PKCS#8 names its algorithm inside; the JDK wants it told.
  private static PrivateKey decoded(PKCS8EncodedKeySpec spec) throws GeneralSecurityException {
    GeneralSecurityException last = null;
    for (String algorithm : new String[] {"RSA", "EC", "EdDSA", "RSASSA-PSS"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (GeneralSecurityException e) {
        last = e;
      }
    }
    throw last == null ? new GeneralSecurityException("no algorithm") : last;
  }

  private static byte[] asPkcs8(byte[] rsa) {
    byte[] octets = der(0x04, rsa);
    byte[] content = new byte[RSA_HEADER.length + octets.length];
    System.arraycopy(RSA_HEADER, 0, content, 0, RSA_HEADER.length);
    System.arraycopy(octets, 0, content, RSA_HEADER.length, octets.length);
    return der(0x30, content);
  }

  /// Tag, length in two bytes, content.
  private static byte[] der(int tag, byte[] content) {
    if (content.length > 0xffff) {
      throw new IllegalArgumentException("too long for a key");
    }
    byte[] all = new byte[4 + content.length];
    all[0] = (byte) tag;
    all[1] = (byte) 0x82;
    all[2] = (byte) (content.length >> 8);
    all[3] = (byte) content.length;
    System.arraycopy(content, 0, all, 4, content.length);
    return all;
  }

  private static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + ": too long for a certificate or key");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(file.toString(), null, "no such file; TLS needs it");
    }
  }
}
