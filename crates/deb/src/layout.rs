//! The structure of a .deb, read header by header.
//!
//! Readers of ar archives disagree: on which of two members counts, on names, on what
//! a bad size means. A debsigs signature covers the members' contents only, so every
//! such disagreement would let verified bytes differ from installed ones. This reader
//! accepts the one form that all readers read alike.

use std::os::unix::fs::FileExt;
use std::{fs::File, io};

use pkgseal_repo::{Compression, Finding, Limits, codes as repo_codes};

use crate::codes;

/// The first bytes of every archive.
pub(crate) const MAGIC: &[u8; 8] = b"!<arch>\n";
/// Bytes of a member's header.
pub(crate) const HEADER: usize = 60;
/// The only content of debian-binary that is accepted.
const FORMAT: &[u8] = b"2.0\n";
/// Bytes of a member that tell its compression.
pub(crate) const HEAD: usize = 16;

/// What a member is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Format,
    Control(Compression),
    Data(Compression),
    Signature,
}

/// One member: its name, and where its content stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Member {
    /// Where its header begins.
    pub(crate) fn start(&self) -> u64 {
        self.offset - HEADER as u64
    }

    /// Where its content ends.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.size
    }

    /// Where the next member begins, or the file ends.
    pub(crate) fn next(&self) -> u64 {
        self.end() + self.size % 2
    }

    /// Reads the whole content; its size was checked against a cap before.
    pub(crate) fn read(&self, file: &File) -> io::Result<Vec<u8>> {
        let mut content = vec![0; usize::try_from(self.size).unwrap_or(0)];
        file.read_exact_at(&mut content, self.offset)?;
        Ok(content)
    }
}

/// A canonical .deb: three signed members in order, then signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// debian-binary, control.tar.*, data.tar.*: what a debsigs signature covers.
    pub(crate) signed: [Member; 3],
    /// `_gpg*` members in order.
    pub(crate) signatures: Vec<Member>,
    /// Whether names end with a slash, as GNU ar writes them.
    pub(crate) slashes: bool,
    /// Size of the file.
    pub(crate) size: u64,
}

/// Why there is no layout: the package is rejected, or could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    Reject(Box<Finding>),
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Finding> for Fault {
    fn from(finding: Finding) -> Self {
        Self::Reject(Box::new(finding))
    }
}

impl Layout {
    /// Reads the headers (not the contents) of a package and checks every clause of the
    /// canonical form. `subject` names the package in the finding.
    pub(crate) fn read(file: &File, subject: &str, limits: &Limits) -> Result<Self, Fault> {
        Self::of(file, file.metadata()?.len(), subject, limits)
    }

    /// As [`Layout::read`], of `size` bytes that need not be a file.
    pub(crate) fn of(
        file: &dyn FileExt,
        size: u64,
        subject: &str,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let reader = Reader {
            file,
            subject,
            size,
            limits,
        };
        reader.layout()
    }

    /// The signature member of this name.
    pub(crate) fn signature(&self, name: &str) -> Option<&Member> {
        self.signatures.iter().find(|member| member.name == name)
    }
}

struct Reader<'a> {
    file: &'a dyn FileExt,
    subject: &'a str,
    size: u64,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn layout(&self) -> Result<Layout, Fault> {
        let mut magic = [0; MAGIC.len()];
        let read = read_some_at(self.file, &mut magic, 0)?;
        if magic.get(..read) != Some(MAGIC) {
            let detail = if read < MAGIC.len() {
                format!("{read} bytes are no package")
            } else {
                "it does not begin with \"!<arch>\"".to_owned()
            };
            return Err(self.reject(codes::DEB_NOT_ARCHIVE, None, detail));
        }
        let mut offset = MAGIC.len() as u64;
        let mut signed = Vec::with_capacity(3);
        let mut signatures: Vec<Member> = Vec::new();
        let mut slashes = None;
        while offset < self.size {
            let (member, slash, next) = self.member(offset)?;
            if *slashes.get_or_insert(slash) != slash {
                let detail = format!("names with and without a slash, at byte {offset}");
                return Err(self.reject(codes::DEB_HEADER, Some(&member.name), detail));
            }
            let duplicate = |other: &Member| {
                use Kind::{Control, Data};
                other.name == member.name
                    || matches!(
                        (other.kind, member.kind),
                        (Control(_), Control(_)) | (Data(_), Data(_))
                    )
            };
            if signed.iter().any(duplicate) || signatures.iter().any(duplicate) {
                let detail = format!("a second {} at byte {offset}", member.name);
                return Err(self.reject(codes::DEB_DUPLICATE, Some(&member.name), detail));
            }
            match (signed.len(), member.kind) {
                (0, Kind::Format) | (1, Kind::Control(_)) | (2, Kind::Data(_)) => {
                    signed.push(member);
                }
                (3, Kind::Signature) => {
                    if signatures.len() >= self.limits.signatures {
                        let detail = format!("more than {} signatures", self.limits.signatures);
                        return Err(self.reject(repo_codes::LIMIT, None, detail));
                    }
                    signatures.push(member);
                }
                _ => {
                    let detail = format!("{} stands as member {}", member.name, {
                        signed.len() + signatures.len() + 1
                    });
                    return Err(self.reject(codes::DEB_ORDER, Some(&member.name), detail));
                }
            }
            offset = next;
        }
        let signed: [Member; 3] = signed.try_into().map_err(|found: Vec<Member>| {
            let names = ["debian-binary", "control.tar", "data.tar"];
            let missing = names.get(found.len()).copied().unwrap_or_default();
            let detail = format!("it ends before the member {missing}");
            self.reject(codes::DEB_MISSING, None, detail)
        })?;
        Ok(Layout {
            signed,
            signatures,
            slashes: slashes.unwrap_or(false),
            size: self.size,
        })
    }

    /// The member whose header stands at `offset`, whether its name ends with a slash, and
    /// where the next one begins.
    fn member(&self, offset: u64) -> Result<(Member, bool, u64), Fault> {
        let mut bytes = [0; HEADER];
        if read_some_at(self.file, &mut bytes, offset)? < HEADER {
            let detail = format!("it ends within the header at byte {offset}");
            return Err(self.reject(codes::DEB_TRUNCATED, None, detail));
        }
        let (name, slash, size) = header(&bytes).map_err(|what| {
            self.reject(codes::DEB_HEADER, None, format!("{what} at byte {offset}"))
        })?;
        let Some(kind) = kind(name) else {
            let detail = format!("a member {name} at byte {offset}");
            return Err(self.reject(codes::DEB_UNKNOWN, Some(name), detail));
        };
        let data = offset + HEADER as u64;
        let member = Member {
            name: name.to_owned(),
            kind,
            offset: data,
            size,
        };
        // Sizes have at most ten digits, so no sum here comes near 2^64.
        let end = data + size;
        if end + size % 2 > self.size {
            let detail = format!(
                "{name} should end at byte {}, and the file has {}",
                end + size % 2,
                self.size
            );
            return Err(self.reject(codes::DEB_TRUNCATED, Some(name), detail));
        }
        if size % 2 == 1 {
            let mut padding = [0];
            self.file.read_exact_at(&mut padding, end)?;
            if padding != *b"\n" {
                let detail = format!("byte {end} is {:#04x}, not a newline", padding[0]);
                return Err(self.reject(codes::DEB_PADDING, Some(name), detail));
            }
        }
        self.content(&member)?;
        Ok((member, slash, end + size % 2))
    }

    /// What a member's first bytes and size must be.
    fn content(&self, member: &Member) -> Result<(), Fault> {
        let name = member.name.as_str();
        if member.size == 0 {
            let detail = format!("{name} is empty");
            return Err(self.reject(codes::DEB_EMPTY, Some(name), detail));
        }
        let mut head = [0; HEAD];
        let read = read_some_at(self.file, &mut head, member.offset)?;
        let length = usize::try_from(member.size).map_or(read, |size| size.min(read));
        let head = head.get(..length).unwrap_or_default();
        match member.kind {
            Kind::Format if head != FORMAT || member.size != FORMAT.len() as u64 => {
                let said = String::from_utf8_lossy(head);
                let detail = format!("debian-binary says {said:?}, not \"2.0\\n\"");
                Err(self.reject(codes::DEB_VERSION, Some(name), detail))
            }
            Kind::Control(compression) | Kind::Data(compression) => {
                match compression_fault(compression, head) {
                    Some(found) => {
                        let detail = format!("{name} holds {found}");
                        Err(self.reject(codes::DEB_COMPRESSION, Some(name), detail))
                    }
                    None => Ok(()),
                }
            }
            Kind::Signature if member.size > self.limits.signature => {
                let detail = format!(
                    "{name} has {} bytes; the limit is {}",
                    member.size, self.limits.signature
                );
                Err(self.reject(repo_codes::LIMIT, Some(name), detail))
            }
            Kind::Format | Kind::Signature => Ok(()),
        }
    }

    fn reject(
        &self,
        code: pkgseal_repo::Code,
        member: Option<&str>,
        detail: impl Into<String>,
    ) -> Fault {
        let subject = match member {
            Some(member) => format!("{} ({member})", self.subject),
            None => self.subject.to_owned(),
        };
        Finding::reject(code, subject, detail).into()
    }
}

/// As many bytes as there are, up to the buffer's length.
pub(crate) fn read_some_at(
    file: &dyn FileExt,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + read as u64) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Name, whether a slash ends it, and size from a canonical header; what is wrong with
/// it otherwise.
fn header(bytes: &[u8; HEADER]) -> Result<(&str, bool, u64), &'static str> {
    let field = |from: usize, length: usize| bytes.get(from..from + length).unwrap_or_default();
    if field(58, 2) != b"`\n" {
        return Err("a header without its end mark");
    }
    let name =
        std::str::from_utf8(unpadded(field(0, 16))).map_err(|_| "a name that is not ASCII")?;
    // GNU ar ends names with a slash, dpkg-deb does not; every reader takes both, and
    // nobody writes both into one archive.
    let slash = name.ends_with('/');
    let name = name.strip_suffix('/').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(plain) {
        return Err("a name that is no plain file name");
    }
    number(field(16, 12), 10).ok_or("a modification time that is no canonical number")?;
    number(field(28, 6), 10).ok_or("a user that is no canonical number")?;
    number(field(34, 6), 10).ok_or("a group that is no canonical number")?;
    number(field(40, 8), 8).ok_or("a mode that is no canonical octal number")?;
    let size = number(field(48, 10), 10).ok_or("a size that is no canonical number")?;
    Ok((name, slash, size))
}

/// A field without its padding blanks.
fn unpadded(field: &[u8]) -> &[u8] {
    let end = field.iter().rposition(|&byte| byte != b' ');
    field
        .get(..end.map_or(0, |end| end + 1))
        .unwrap_or_default()
}

/// A number as every writer writes it: digits, no leading zero, blanks behind.
pub(crate) fn number(field: &[u8], radix: u32) -> Option<u64> {
    let digits = std::str::from_utf8(unpadded(field)).ok()?;
    if digits.is_empty()
        || (digits.len() > 1 && digits.starts_with('0'))
        || !digits.chars().all(|digit| digit.is_digit(radix))
    {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// What a member of this name is; `None` for names no reader of packages knows.
fn kind(name: &str) -> Option<Kind> {
    if name == "debian-binary" {
        return Some(Kind::Format);
    }
    if let Some(role) = name.strip_prefix("_gpg") {
        let fits = !role.is_empty() && role.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return fits.then_some(Kind::Signature);
    }
    let (stem, compression) = match name.strip_suffix(Compression::from_name(name).suffix()) {
        Some(stem) => (stem, Compression::from_name(name)),
        None => (name, Compression::None),
    };
    match (stem, compression) {
        // What dpkg reads: deb(5).
        (
            "control.tar",
            Compression::None | Compression::Gzip | Compression::Xz | Compression::Zstd,
        ) => Some(Kind::Control(compression)),
        ("data.tar", Compression::Lz4) => None,
        ("data.tar", _) => Some(Kind::Data(compression)),
        _ => None,
    }
}

/// What the content is instead, when it is not compressed as its name says.
fn compression_fault(named: Compression, head: &[u8]) -> Option<String> {
    let found = Compression::from_magic(head);
    let fits = match named {
        Compression::Lzma => found == Compression::None && may_be_lzma(head),
        _ => found == named,
    };
    (!fits).then(|| match found {
        Compression::None => format!("nothing that is {}", describe(named)),
        found => format!("{} data", describe(found)),
    })
}

/// Whether the bytes may begin an .lzma file. It has no magic number; as xz does, this
/// asks for a properties byte below 225, a dictionary size that encoders choose (2^n or
/// 2^n + 2^(n-1)), and a size that is unknown or below 256 GiB.
fn may_be_lzma(head: &[u8]) -> bool {
    let Some((&[properties, d0, d1, d2, d3, ref size @ ..], _)) = head.split_first_chunk::<13>()
    else {
        return false;
    };
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]);
    let top = 1_u32
        .checked_shl(31 - dictionary.leading_zeros().min(31))
        .unwrap_or(0);
    let chosen = dictionary == u32::MAX || dictionary == top || dictionary == top | (top >> 1);
    let size = u64::from_le_bytes(*size);
    properties < 225 && dictionary != 0 && chosen && (size == u64::MAX || size < 1 << 38)
}

fn describe(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "uncompressed",
        Compression::Gzip => "gzip",
        Compression::Bzip2 => "bzip2",
        Compression::Xz => "xz",
        Compression::Lzma => "lzma",
        Compression::Zstd => "zstd",
        Compression::Lz4 => "lz4",
    }
}

#[cfg(test)]
mod tests;
