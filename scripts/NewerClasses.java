// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Copies a jar, its classes as if compiled for Java 17: `NewerClasses JAR COPY`.
///
/// The JDK's AOT cache takes no classes that are older than Java 6, since they are verified in
/// another way; Picocli's are, and to load and verify them anew took a quarter of each start. The
/// copies differ in their version and have stack maps. Run by the launcher.
final class NewerClasses {
  private static final int JAVA_6 = 50;
  private static final int JAVA_17 = 61;

  private final ZipFile jar;
  private final ClassFile classes;
  private final ClassTransform newer;

  private NewerClasses(ZipFile jar) {
    this.jar = jar;
    this.classes =
        ClassFile.of(
            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(this::open)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    ClassTransform version =
        (builder, element) ->
            builder.with(
                element instanceof ClassFileVersion ? ClassFileVersion.of(JAVA_17, 0) : element);
    // Each instruction is passed on by itself: a method that nothing looks into is copied as it is.
    this.newer =
        version.andThen(
            ClassTransform.transformingMethodBodies((code, element) -> code.with(element)));
  }

  public static void main(String[] args) throws IOException {
    try (ZipFile jar = new ZipFile(args[0]);
        ZipOutputStream copy = new ZipOutputStream(Files.newOutputStream(Path.of(args[1])))) {
      new NewerClasses(jar).copyTo(copy);
    }
  }

  private void copyTo(ZipOutputStream copy) throws IOException {
    for (ZipEntry entry : Collections.list(jar.entries())) {
      byte[] bytes;
      try (InputStream in = jar.getInputStream(entry)) {
        bytes = in.readAllBytes();
      }
      if (entry.getName().endsWith(".class")) {
        var old = classes.parse(bytes);
        bytes = old.majorVersion() < JAVA_6 ? classes.transformClass(old, newer) : bytes;
      }
      copy.putNextEntry(new ZipEntry(entry.getName()));
      copy.write(bytes);
    }
  }

  /// The bytes of a class; null if it is not in the jar.
  private InputStream open(ClassDesc type) {
    String descriptor = type.descriptorString();
    ZipEntry entry = jar.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
    try {
      return entry == null ? null : jar.getInputStream(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
