//! A mirror of the shape of Debian's, unsigned: several suites over one pool, with every
//! kind of index.

use std::collections::BTreeMap;
use std::path::Path;

use super::deb::Deb;
use super::{Compression, Digest, put};

/// What suites list their files by.
const DIGESTS: [Digest; 2] = [Digest::Md5, Digest::Sha256];

/// A mirror; suites of one generation are published together.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Days since 2025-02-01: when it was published, and what makes its content differ
    /// from that of other generations.
    pub generation: u32,
    /// The packages of the pool, built.
    debs: Vec<(Deb, Vec<u8>)>,
}

/// A file of a suite, below its folder: content, and whether the mirror has it.
type Files = BTreeMap<String, (Vec<u8>, bool)>;

impl Mirror {
    /// The names of its suites, and which packages each takes.
    pub const SUITES: [(&'static str, usize, usize); 3] = [
        ("stable", 0, 1),
        ("stable-updates", 1, 5),
        ("testing", 0, 2),
    ];

    /// A hundred packages.
    pub fn new(generation: u32) -> Self {
        let deb = |number: u8| {
            let version = match number % 10 {
                0 => format!("1.{}", 1 + generation),
                _ => "1.0".to_owned(),
            };
            let architecture = if number.is_multiple_of(4) {
                "all"
            } else {
                "amd64"
            };
            let deb = Deb::new(&format!("package{number:03}"), &version, architecture)
                .compressed(Compression::Gzip, Compression::Gzip)
                .field("Depends", "libc6 (>= 2.36)")
                .file("usr/share/data", &[number; 500]);
            let bytes = deb.build();
            (deb, bytes)
        };
        Self {
            generation,
            debs: (0..100).map(deb).collect(),
        }
    }

    /// Where a package lies.
    fn path(deb: &Deb, component: &str) -> String {
        format!("pool/{component}/p/{}/{}", deb.name, deb.file_name())
    }

    fn stanza(deb: &Deb, component: &str, bytes: &[u8]) -> String {
        let control = deb.control_text();
        let (fields, description) = control.split_once("Description: ").unwrap();
        let short = description.lines().next().unwrap();
        format!(
            "{fields}Filename: {}\nSize: {}\nMD5sum: {}\nSHA256: {}\nDescription: {short}\n\
             Description-md5: {}\n\n",
            Self::path(deb, component),
            bytes.len(),
            Digest::Md5.hex(bytes),
            Digest::Sha256.hex(bytes),
            Digest::Md5.hex(description.as_bytes()),
        )
    }

    /// The files of a source package: name, content; the .dsc first.
    fn source(number: usize) -> Vec<(String, Vec<u8>)> {
        let name = format!("source{number}");
        let tar = (
            format!("{name}_1.0.tar.xz"),
            Compression::Xz.compress(name.as_bytes()),
        );
        let dsc = format!(
            "Format: 3.0 (native)\nSource: {name}\nBinary: {name}\nArchitecture: any\n\
             Version: 1.0\nMaintainer: pkgseal TEST <test@test.invalid>\n{}",
            file_lists(std::slice::from_ref(&tar))
        );
        vec![(format!("{name}_1.0.dsc"), dsc.into_bytes()), tar]
    }

    fn sources(&self) -> String {
        let mut text = String::new();
        for number in 0..5 {
            let files = Self::source(number);
            let dsc = String::from_utf8(files[0].1.clone()).unwrap();
            let (head, _) = dsc.split_once("Checksums-").unwrap();
            text.push_str(&head.replace("Source:", "Package:"));
            text.push_str(&format!("Directory: pool/main/s/source{number}\n"));
            text.push_str(&file_lists(&files));
            text.push('\n');
        }
        text
    }

    fn packages(&self, step: (usize, usize), component: &str, udebs: bool) -> String {
        let mut text = String::new();
        for (number, (deb, bytes)) in self.debs.iter().enumerate() {
            let own = match number % 10 {
                9 => "main/debian-installer",
                8 => "contrib",
                _ => "main",
            };
            let wanted = if udebs {
                "main/debian-installer"
            } else {
                component
            };
            if number % step.1 == step.0 % step.1 && own == wanted {
                let pool = own.split('/').next().unwrap();
                text.push_str(&Self::stanza(deb, pool, bytes));
            }
        }
        text
    }

    /// Everything a suite lists.
    fn suite(&self, step: (usize, usize)) -> Files {
        let mut files = Files::new();
        let generation = self.generation;
        let mut add = |path: &str, text: String, variants: &[Compression]| {
            for compression in variants {
                let content = compression.compress(text.as_bytes());
                files.insert(format!("{path}{}", compression.suffix()), (content, true));
            }
            // Listed, and left out, as Debian does.
            files
                .entry(path.to_owned())
                .or_insert((text.into_bytes(), false));
        };
        let both = [Compression::Gzip, Compression::Xz];
        for component in ["main", "contrib"] {
            let folder = format!("{component}/binary-amd64");
            let packages = self.packages(step, component, false);
            add(&format!("{folder}/Packages"), packages, &both);
            add(
                &format!("{folder}/Release"),
                format!("Component: {component}\nArchitecture: amd64\n"),
                &[Compression::None],
            );
            add(
                &format!("{component}/i18n/Translation-en"),
                format!("Package: x\nDescription-md5: 0\nDescription-en: {generation}\n\n"),
                &[Compression::Xz],
            );
            add(
                &format!("{component}/Contents-amd64"),
                format!("usr/share/data misc/package{generation}\n").repeat(50),
                &[Compression::Gzip],
            );
            add(
                &format!("{component}/dep11/Components-amd64.yml"),
                format!("---\nFile: DEP-11\nVersion: '{generation}'\n"),
                &both,
            );
            // Not mirrored.
            files_absent(&mut add, component);
        }
        let udebs = self.packages(step, "main", true);
        add("main/debian-installer/binary-amd64/Packages", udebs, &both);
        add("main/source/Sources", self.sources(), &both);
        let images = "main/installer-amd64/1/images";
        let sums = ["netboot/linux", "netboot/initrd.gz"]
            .map(|name| format!("{}  ./{name}\n", Digest::Sha256.hex(image(name).as_bytes())))
            .concat();
        add(&format!("{images}/SHA256SUMS"), sums, &[Compression::None]);
        let (index, _) = self.patches(step);
        let path = "main/binary-amd64/Packages.diff/Index";
        add(path, index, &[Compression::None]);
        files
    }

    /// The Index of patches to a suite's Packages, and the patches.
    fn patches(&self, step: (usize, usize)) -> (String, Vec<(String, Vec<u8>)>) {
        let current = self.packages(step, "main", false);
        let patch = |number: u32| format!("{number}d\n").repeat(20);
        let (mut history, mut patches, mut download) =
            (String::new(), String::new(), String::new());
        let mut files = Vec::new();
        for number in 0..2 {
            let name = format!("T-2025-01-0{number}-F-1");
            let plain = patch(number);
            let stored = Compression::Gzip.compress(plain.as_bytes());
            let sha256 = |bytes: &[u8]| Digest::Sha256.hex(bytes);
            history.push_str(&format!(" {} 9 {name}\n", sha256(name.as_bytes())));
            patches.push_str(&format!(
                " {} {} {name}\n",
                sha256(plain.as_bytes()),
                plain.len()
            ));
            download.push_str(&format!(
                " {} {} {name}.gz\n",
                sha256(&stored),
                stored.len()
            ));
            files.push((format!("{name}.gz"), stored));
        }
        let index = format!(
            "SHA256-Current: {} {}\nSHA256-History:\n{history}SHA256-Patches:\n{patches}\
             SHA256-Download:\n{download}X-Unmerged-SHA256-History:\n{history}\
             X-Patch-Precedence: merged\n",
            Digest::Sha256.hex(current.as_bytes()),
            current.len()
        );
        (index, files)
    }

    fn release(&self, suite: &str, files: &Files) -> String {
        let day = 1 + self.generation;
        let mut text = format!(
            "Origin: Debian\nLabel: Debian\nSuite: {suite}\nCodename: {suite}\n\
             Date: {}, {day:02} Feb 2025 00:00:00 UTC\nAcquire-By-Hash: yes\n\
             No-Support-for-Architecture-all: Packages\nArchitectures: all amd64 i386\n\
             Components: main contrib\nDescription: a mirror for tests\n",
            ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"][self.generation as usize % 7]
        );
        for digest in DIGESTS {
            text.push_str(match digest {
                Digest::Md5 => "MD5Sum:\n",
                _ => "SHA256:\n",
            });
            for (path, (content, _)) in files {
                let hex = digest.hex(content);
                text.push_str(&format!(" {hex} {:>8} {path}\n", content.len()));
            }
        }
        text
    }

    /// Writes everything but signatures.
    pub fn write(&self, root: &Path) {
        for (number, (deb, bytes)) in self.debs.iter().enumerate() {
            let component = if number % 10 == 8 { "contrib" } else { "main" };
            put(root, &Self::path(deb, component), bytes);
        }
        for number in 0..5 {
            for (name, content) in Self::source(number) {
                put(root, &format!("pool/main/s/source{number}/{name}"), content);
            }
        }
        for (suite, first, step) in Self::SUITES {
            let step = (first, step);
            let below = format!("dists/{suite}");
            let files = self.suite(step);
            put(
                root,
                &format!("{below}/Release"),
                self.release(suite, &files),
            );
            for (path, (content, present)) in &files {
                if !present {
                    continue;
                }
                put(root, &format!("{below}/{path}"), content);
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                for (name, digest) in [("MD5Sum", Digest::Md5), ("SHA256", Digest::Sha256)] {
                    let hex = digest.hex(content);
                    put(
                        root,
                        &format!("{below}/{folder}/by-hash/{name}/{hex}"),
                        content,
                    );
                }
            }
            let folder = format!("{below}/main/binary-amd64/Packages.diff");
            for (name, content) in self.patches(step).1 {
                put(root, &format!("{folder}/{name}"), content);
            }
            let images = format!("{below}/main/installer-amd64/1/images");
            for name in ["netboot/linux", "netboot/initrd.gz"] {
                put(root, &format!("{images}/{name}"), image(name));
            }
        }
    }
}

/// Indices of an architecture that the mirror leaves out.
fn files_absent(add: &mut impl FnMut(&str, String, &[Compression]), component: &str) {
    let path = format!("{component}/binary-i386/Packages");
    add(&path, "Package: x\n\n".to_owned(), &[]);
}

fn image(name: &str) -> String {
    format!("the image {name}").repeat(100)
}

/// `Checksums-Sha256` and `Files` of these files.
fn file_lists(files: &[(String, Vec<u8>)]) -> String {
    let list = |digest: Digest| -> String {
        let line = |(name, content): &(String, Vec<u8>)| {
            format!(" {} {} {name}\n", digest.hex(content), content.len())
        };
        files.iter().map(line).collect()
    };
    format!(
        "Checksums-Sha256:\n{}Files:\n{}",
        list(Digest::Sha256),
        list(Digest::Md5)
    )
}
