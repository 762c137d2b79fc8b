// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.qmp;

import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/// What a client needs for a monitor on TCP with TLS: whom to trust, and who it is.
///
/// On QEMU's side it is `-object tls-creds-x509,id=tls,endpoint=server,dir=…` and
/// `-chardev socket,…,tls-creds=tls`. Both sides can use folders of the same form, which QEMU's
/// documentation calls the credentials directory.
///
/// Immutable; its text shows nothing of the keys.
public final class TlsCredentials {
  private final SSLContext context;
  private final Optional<String> peerName;

  private TlsCredentials(SSLContext context, Optional<String> peerName) {
    this.context = context;
    this.peerName = peerName;
  }

  /// Credentials that the JDK's own means have made.
  public static TlsCredentials of(SSLContext context) {
    return new TlsCredentials(context, Optional.empty());
  }

  /// Credentials for connecting: `ca-cert.pem`, and, where they are there, `client-cert.pem` and
  /// `client-key.pem`.
  ///
  /// @param folder of the form of QEMU's credentials directory
  /// @throws IOException if a file is missing or is not what its name says
  public static TlsCredentials client(Path folder) throws IOException {
    return of(PemFolder.context(folder, "client", false));
  }

  /// Credentials for a [QmpListener]: `ca-cert.pem`, `server-cert.pem` and `server-key.pem`.
  ///
  /// @param folder of the form of QEMU's credentials directory
  /// @throws IOException if a file is missing or is not what its name says
  public static TlsCredentials server(Path folder) throws IOException {
    return of(PemFolder.context(folder, "server", true));
  }

  /// These credentials, with the name that the server's certificate must have, where it is not the
  /// host of the address.
  public TlsCredentials withPeerName(String name) {
    return new TlsCredentials(context, Optional.of(name));
  }

  SslHandler connecting(QmpAddress.Tcp address) {
    SSLEngine engine = context.createSSLEngine(peerName.orElse(address.host()), address.port());
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    // Compares the certificate's names with the host; without it any certificate of the CA would
    // do.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return new SslHandler(engine);
  }

  /// For a QEMU that connects: it must have a certificate too.
  SslHandler accepting() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    // With TLS 1.3 GnuTLS (3.7.9) has no certificate with an RSA key for a server that does not
    // take
    // PKCS#1 signatures in the handshake, and the JDK does not.
    engine.setEnabledProtocols(new String[] {"TLSv1.2"});
    return new SslHandler(engine);
  }

  @Override
  public String toString() {
    return "TlsCredentials[" + peerName.orElse("") + "]";
  }
}
