// SPDX-License-Identifier: Apache-2.0

package dev.tidemark.checkpoint.libvirt;

import java.io.StringReader;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/// What a person wants to see of a domain's XML. Nothing is decided by it.
///
/// @param name the domain's name
/// @param uuid its UUID
/// @param machine the machine type, such as `pc-q35-10.0`
public record LibvirtDomain(
    Optional<String> name, Optional<String> uuid, Optional<String> machine) {
  private static final LibvirtDomain UNKNOWN =
      new LibvirtDomain(Optional.empty(), Optional.empty(), Optional.empty());

  /// Most characters of XML that are looked at.
  private static final int MAX_XML = 1 << 20;

  private static final int MAX_DEPTH = 64;

  /// Most characters of a name.
  private static final int MAX_TEXT = 1024;

  /// Reads them. A document type is refused, and with it entities: what is not plain XML, or too
  /// much of it, tells nothing.
  ///
  /// @param xml see [LibvirtHeader#xml]
  public static LibvirtDomain of(String xml) {
    if (xml.length() > MAX_XML) {
      return UNKNOWN;
    }
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    try {
      XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(xml));
      try {
        return new Walk(reader).domain();
      } finally {
        reader.close();
      }
    } catch (XMLStreamException | RuntimeException _) {
      return UNKNOWN;
    }
  }

  private static final class Walk {
    private final XMLStreamReader reader;
    private Optional<String> name = Optional.empty();
    private Optional<String> uuid = Optional.empty();
    private Optional<String> machine = Optional.empty();

    Walk(XMLStreamReader reader) {
      this.reader = reader;
    }

    LibvirtDomain domain() throws XMLStreamException {
      int depth = 0;
      boolean os = false;
      while (reader.hasNext()) {
        switch (reader.next()) {
          case XMLStreamConstants.START_ELEMENT -> {
            depth++;
            String element = reader.getLocalName();
            if (depth > MAX_DEPTH || (depth == 1 && !element.equals("domain"))) {
              return UNKNOWN;
            }
            if (depth == 2) {
              os = element.equals("os");
              // The text of an element ends where it ends.
              if (element.equals("name")) {
                name = text();
                depth--;
              } else if (element.equals("uuid")) {
                uuid = text();
                depth--;
              }
            } else if (depth == 3 && os && element.equals("type")) {
              machine = Optional.ofNullable(reader.getAttributeValue(null, "machine"));
            }
          }
          case XMLStreamConstants.END_ELEMENT -> depth--;
          case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE -> {
            return UNKNOWN;
          }
          default -> {}
        }
      }
      return new LibvirtDomain(name, uuid, machine);
    }

    private Optional<String> text() throws XMLStreamException {
      return Optional.of(reader.getElementText()).filter(text -> text.length() <= MAX_TEXT);
    }
  }
}
