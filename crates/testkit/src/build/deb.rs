//! `.deb` packages, canonical and malformed.

use super::{BUILT, Compression, Digest};

/// A small binary package.
#[derive(Clone, Debug)]
pub struct Deb {
    /// Package name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Architecture.
    pub architecture: String,
    /// More control fields, in order.
    pub fields: Vec<(String, String)>,
    /// Files: path without a leading slash, content.
    pub files: Vec<(String, Vec<u8>)>,
    /// How `control.tar` is stored.
    pub control: Compression,
    /// How `data.tar` is stored.
    pub data: Compression,
}

impl Deb {
    /// A package with one file, `usr/share/doc/NAME/README`; xz as Debian does.
    pub fn new(name: &str, version: &str, architecture: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            architecture: architecture.into(),
            fields: Vec::new(),
            files: vec![(
                format!("usr/share/doc/{name}/README"),
                format!("{name} {version} for {architecture}: a test package\n").into(),
            )],
            control: Compression::Xz,
            data: Compression::Xz,
        }
    }

    /// Stores both members so.
    #[must_use]
    pub fn compressed(self, control: Compression, data: Compression) -> Self {
        Self {
            control,
            data,
            ..self
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }

    /// Adds a control field.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The control paragraph.
    pub fn control_text(&self) -> String {
        let mut text = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\n\
             Maintainer: pkgseal TEST <test@test.invalid>\nInstalled-Size: 1\nSection: misc\n",
            self.name, self.version, self.architecture
        );
        if !self.fields.iter().any(|(name, _)| name == "Priority") {
            text.push_str("Priority: optional\n");
        }
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push_str("Description: test package\n It holds nothing of use.\n");
        text
    }

    /// `NAME_VERSION_ARCHITECTURE.deb`, the epoch left out.
    pub fn file_name(&self) -> String {
        let version = self.version.split_once(':').map_or(&*self.version, |v| v.1);
        format!("{}_{version}_{}.deb", self.name, self.architecture)
    }

    /// `debian-binary`, `control.tar*`, `data.tar*`.
    pub fn members(&self) -> Vec<Member> {
        let control = tar(&[("./control".into(), self.control_text().into_bytes())]);
        let files: Vec<_> = self
            .files
            .iter()
            .map(|(path, content)| (format!("./{path}"), content.clone()))
            .collect();
        vec![
            Member::new("debian-binary", b"2.0\n"),
            Member::new(
                &format!("control.tar{}", self.control.suffix()),
                &self.control.compress(&control),
            ),
            Member::new(
                &format!("data.tar{}", self.data.suffix()),
                &self.data.compress(&tar(&files)),
            ),
        ]
    }

    /// The package.
    pub fn build(&self) -> Vec<u8> {
        archive(&self.members())
    }
}

/// An ar member; the fields of its 60-byte header can lie.
#[derive(Clone, Debug)]
pub struct Member {
    /// Name, at most 16 bytes.
    pub name: String,
    /// Content.
    pub data: Vec<u8>,
    /// The size field's text, if it is not the content's size.
    pub size_says: Option<String>,
    /// Modification time, in seconds since 1970.
    pub mtime: String,
    /// The mode field's text.
    pub mode: String,
    /// The two bytes that end the header.
    pub end: [u8; 2],
    /// The byte that pads an odd size; `None` leaves it out.
    pub padding: Option<u8>,
}

impl Member {
    /// A canonical member.
    pub fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.into(),
            data: data.into(),
            size_says: None,
            mtime: BUILT.to_string(),
            mode: "100644".into(),
            end: *b"`\n",
            padding: Some(b'\n'),
        }
    }

    /// The member with its header and padding.
    pub fn bytes(&self) -> Vec<u8> {
        let size = self
            .size_says
            .clone()
            .unwrap_or_else(|| self.data.len().to_string());
        let mut bytes = format!(
            "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}",
            self.name, self.mtime, "0", "0", self.mode, size
        )
        .into_bytes();
        bytes.extend(self.end);
        bytes.extend(&self.data);
        if self.data.len() % 2 == 1 {
            bytes.extend(self.padding);
        }
        bytes
    }
}

/// An ar archive of these members.
pub fn archive(members: &[Member]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for member in members {
        bytes.extend(member.bytes());
    }
    bytes
}

/// What a debsigs signature covers: the content of these members, one after the other.
pub fn signed_data(members: &[Member]) -> Vec<u8> {
    members.iter().flat_map(|m| m.data.clone()).collect()
}

/// How a dpkg-sig list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// As dpkg-sig writes it.
    DpkgSig,
    /// As nfpm does: a stray `Hash` line, the data member always called `data.tar.gz`.
    Nfpm,
    /// As nfpm did: digests as arrays of bytes.
    OldNfpm,
}

/// The text that dpkg-sig signs for these members.
pub fn dpkg_sig_list(members: &[Member], role: &str, form: ListForm) -> String {
    let array = |hex: &str| {
        let byte = |at| {
            u8::from_str_radix(&hex[at..at + 2], 16)
                .unwrap()
                .to_string()
        };
        let bytes: Vec<String> = (0..hex.len()).step_by(2).map(byte).collect();
        format!("[{}]", bytes.join(" "))
    };
    let (head, date) = match form {
        ListForm::DpkgSig => ("", "Tue Jun 25 08:43:07 2024"),
        ListForm::Nfpm | ListForm::OldNfpm => {
            ("Hash: SHA1\n\n", "2024-06-25 08:43:07.000000001 +0000 UTC")
        }
    };
    let mut text = format!(
        "{head}Version: 4\nSigner: TEST <test@test.invalid>\nDate: {date}\nRole: {role}\nFiles: \n"
    );
    for member in members {
        let (md5, sha1) = (
            Digest::Md5.hex(&member.data),
            Digest::Sha1.hex(&member.data),
        );
        let (md5, sha1) = match form {
            ListForm::OldNfpm => (array(&md5), array(&sha1)),
            ListForm::DpkgSig | ListForm::Nfpm => (md5, sha1),
        };
        let name = match form {
            ListForm::Nfpm if member.name.starts_with("data.tar") => "data.tar.gz",
            _ => member.name.as_str(),
        };
        text.push_str(&format!("\t{md5} {sha1} {} {name}\n", member.data.len()));
    }
    text
}

/// Appends a `_gpgKIND` member.
pub fn append_signature(deb: &mut Vec<u8>, kind: &str, signature: &[u8]) {
    deb.extend(Member::new(&format!("_gpg{kind}"), signature).bytes());
}

/// A tar archive (GNU format) of regular files owned by root, folders included.
pub fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut folders = std::collections::BTreeSet::new();
    let mut add = |path: &str, kind: tar::EntryType, mode: u32, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(BUILT);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root").unwrap();
        header.set_groupname("root").unwrap();
        header.set_size(content.len() as u64);
        // The name as it is, `./` and `..` included.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, content).unwrap();
    };
    for (path, content) in files {
        for (at, _) in path.match_indices('/') {
            let folder = path[..=at].to_owned();
            if folders.insert(folder.clone()) {
                add(&folder, tar::EntryType::Directory, 0o755, b"");
            }
        }
        add(path, tar::EntryType::Regular, 0o644, content);
    }
    builder.into_inner().unwrap()
}

/// A named malformation of a package that readers disagree about.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// A name for it.
    pub name: &'static str,
    /// The archive.
    pub bytes: Vec<u8>,
}

/// Archives with a good debsigs signature over what a careless reader would collect, and
/// something wrong in the structure: none may be accepted. `sign` makes the signature
/// over the bytes it is given.
pub fn malformed(package: &Deb, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<Malformed> {
    let good = package.members();
    let evil = Deb::new(&package.name, "6.6.6", &package.architecture)
        .compressed(package.control, package.data)
        .members();
    let signature = |members: &[Member]| Member::new("_gpgorigin", &sign(&signed_data(members)));
    let (binary, control, data) = (&good[0], &good[1], &good[2]);
    let with = |members: &[&Member]| -> Vec<u8> {
        let mut all: Vec<Member> = members.iter().map(|m| (*m).clone()).collect();
        all.push(signature(&good));
        archive(&all)
    };
    let renamed = |member: &Member, name: &str| Member {
        name: name.into(),
        ..member.clone()
    };
    let changed = |change: &dyn Fn(&mut Vec<Member>)| -> Vec<u8> {
        let mut members = good.clone();
        members.push(signature(&good));
        change(&mut members);
        archive(&members)
    };
    let signed = with(&[binary, control, data]);
    let extra = Member::new("extra", b"anything");
    let mut list: Vec<(&'static str, Vec<u8>)> = vec![
        (
            "duplicate-data-member",
            with(&[binary, control, &evil[2], data]),
        ),
        (
            "duplicate-data-member-last",
            with(&[binary, control, data, &evil[2]]),
        ),
        (
            "duplicate-control-member",
            with(&[binary, &evil[1], control, data]),
        ),
        (
            "duplicate-debian-binary",
            with(&[binary, binary, control, data]),
        ),
        (
            "extra-member-before-control",
            with(&[binary, &extra, control, data]),
        ),
        (
            "extra-member-after-data",
            with(&[binary, control, data, &extra]),
        ),
        (
            "underscore-member-before-control",
            with(&[binary, &renamed(&extra, "_extra"), control, data]),
        ),
        ("data-before-control", with(&[binary, data, control])),
        ("missing-control", with(&[binary, data])),
        ("missing-data", with(&[binary, control])),
        ("debian-binary-not-first", with(&[control, binary, data])),
        ("swapped-control", with(&[binary, &evil[1], data])),
        ("swapped-data", with(&[binary, control, &evil[2]])),
        (
            "data-of-another-compression",
            with(&[binary, control, &renamed(data, "data.tar.lzma")]),
        ),
        (
            "unknown-compression",
            with(&[binary, control, &renamed(data, "data.tar.lz4")]),
        ),
        ("trailing-bytes", [&signed[..], b"trailing"].concat()),
        (
            "second-archive-appended",
            [&signed[..], &archive(&evil)].concat(),
        ),
        ("bad-magic", [b"!<thin>\n", &signed[8..]].concat()),
        ("truncated-in-data", signed[..signed.len() / 2].to_vec()),
        (
            "truncated-in-signature",
            signed[..signed.len() - 7].to_vec(),
        ),
        (
            "truncated-header",
            [&signed[..], b"_gpgmaint       "].concat(),
        ),
        ("empty", Vec::new()),
        ("magic-only", b"!<arch>\n".to_vec()),
        ("version-3", {
            let mut members = good.clone();
            members[0].data = b"3.0\n".to_vec();
            members.push(signature(&members));
            archive(&members)
        }),
    ];
    list.extend([
        (
            "size-too-large",
            changed(&|m| m[2].size_says = Some("9999999999".into())),
        ),
        (
            "size-negative",
            changed(&|m| m[2].size_says = Some("-1".into())),
        ),
        (
            "size-hexadecimal",
            changed(&|m| m[2].size_says = Some("0x10".into())),
        ),
        (
            "size-empty",
            changed(&|m| m[2].size_says = Some(String::new())),
        ),
        (
            "size-with-leading-zero",
            changed(&|m| m[0].size_says = Some("04".into())),
        ),
        ("header-end-wrong", changed(&|m| m[1].end = *b"\n`")),
        ("mode-not-octal", changed(&|m| m[1].mode = "9".into())),
        (
            "mtime-not-decimal",
            changed(&|m| m[1].mtime = "yesterday".into()),
        ),
        ("name-with-slash", changed(&|m| m[2].name.push('/'))),
        ("name-bsd-long", changed(&|m| m[2].name = "#1/20".into())),
        ("name-gnu-long", changed(&|m| m[2].name = "/0".into())),
        ("name-empty", changed(&|m| m[2].name = String::new())),
        (
            "padding-not-newline",
            changed(&|m| {
                make_odd(&mut m[3]);
                m[3].padding = Some(b'x');
            }),
        ),
        (
            "padding-missing",
            changed(&|m| {
                make_odd(&mut m[3]);
                m[3].padding = None;
            }),
        ),
    ]);
    list.into_iter()
        .map(|(name, bytes)| Malformed { name, bytes })
        .collect()
}

/// An armored signature may end in an empty line: that makes its size odd.
fn make_odd(member: &mut Member) {
    if member.data.len().is_multiple_of(2) {
        member.data.push(b'\n');
    }
}
