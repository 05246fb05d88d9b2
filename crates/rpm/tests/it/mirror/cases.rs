//! The faults.

use std::os::unix::fs::symlink;
use std::path::Path;

use jiff::SignedDuration;
use pkgseal_repo::Destination;
use pkgseal_rpm::package::{self, Existing, SignOptions};
use pkgseal_rpm::yum::{Level, Memory};
use pkgseal_testkit::keys;

use super::edit::{
    cut, date, files, flip, lie, link_tree, location, number, open, put, raise_revision, read,
    relist, remove, replace, repomd, rewrite, sign_root, sign_root_at,
};
use super::{Case, Material, PACKAGER, SIGNER};
use crate::common::{limits, signed};

const XML: &str = "repodata/repomd.xml";
const ASC: &str = "repodata/repomd.xml.asc";
/// An hour after the signature of the clean one.
const LATER: &str = "2025-03-01T01:00:00Z";
const LATER_SECONDS: &str = "1740790800";

pub(super) fn cases(material: &Material) -> Vec<Case> {
    let mut cases = vec![Case::new("nothing", |_, _| {}, &[])];
    cases.extend(of_packages(material));
    cases.extend(of_metadata(material));
    cases.extend(of_the_root());
    cases.extend(of_time());
    cases.extend(of_generations());
    cases.extend(of_lists());
    cases.extend(of_lies(material));
    cases
}

/// Changes what a list says of one package.
fn of_package(text: &str, name: &str, from: &str, to: &str) -> String {
    let start = [format!("<name>{name}</name>"), format!("name=\"{name}\"")]
        .iter()
        .find_map(|known| text.find(known))
        .unwrap();
    let start = text[..start].rfind("<package ").unwrap();
    let length = text[start..].find("</package>").unwrap() + "</package>".len();
    let (before, rest) = text.split_at(start);
    let (package, after) = rest.split_at(length);
    assert!(package.contains(from), "{from} in {package}");
    [before, &package.replacen(from, to, 1), after].concat()
}

/// What a list says of one package, whole.
fn element_of(text: &str, name: &str) -> String {
    let start = text
        .find(&format!("name=\"{name}\""))
        .or_else(|| text.find(&format!("<name>{name}<")));
    let start = text[..start.unwrap()].rfind("<package ").unwrap();
    let length = text[start..].find("</package>").unwrap() + "</package>".len();
    text[start..start + length].to_owned()
}

fn of_packages(material: &Material) -> Vec<Case> {
    let package = &*material.package;
    let sign_again = |m: &Material, root: &Path, key: &str| {
        replace(root, &m.package, &read(root, &m.package));
        let options = SignOptions {
            existing: Existing::Replace,
            ..SignOptions::default()
        };
        package::sign_with(
            &root.join(&m.package),
            &[keys::signer(key, signed())],
            keys::time(LATER),
            &Destination::Beside,
            &limits(),
            &options,
        )
        .unwrap();
    };
    // The index says what is there now.
    let list_again = |m: &Material, root: &Path| {
        use pkgseal_testkit::build::Digest;
        let (old, new) = (read(m.root(), &m.package), read(root, &m.package));
        let (before, after) = (Digest::Sha256.hex(&old), Digest::Sha256.hex(&new));
        for kind in ["primary", "filelists", "other"] {
            rewrite(root, kind, |text| text.replace(&before, &after));
        }
        let size = |bytes: &[u8]| format!("<size package=\"{}\"", bytes.len());
        if old.len() != new.len() {
            rewrite(root, "primary", |text| {
                of_package(&text, "alpha", &size(&old), &size(&new))
            });
        }
    };
    vec![
        Case::new(
            "corrupt package",
            |m, root| flip(root, &m.package),
            &[("file.digest-mismatch", package)],
        ),
        Case::new(
            "truncated package",
            |m, root| cut(root, &m.package),
            &[("file.size-mismatch", package)],
        ),
        Case::new(
            "empty package",
            |m, root| replace(root, &m.package, b""),
            &[("file.size-mismatch", package)],
        ),
        Case::new(
            "missing package",
            |m, root| remove(root, &m.package),
            &[("file.missing", package)],
        ),
        Case::new(
            "package rebuilt under its name",
            |m, root| replace(root, &m.package, b"another package"),
            &[("file.size-mismatch", package)],
        ),
        Case::new(
            "directory in a package's place",
            |m, root| {
                remove(root, &m.package);
                std::fs::create_dir(root.join(&m.package)).unwrap();
            },
            &[("file.not-regular", package)],
        ),
        Case::new(
            "package linked to outside",
            |m, root| {
                remove(root, &m.package);
                symlink(m.root().join(&m.package), root.join(&m.package)).unwrap();
            },
            &[("path.unsafe", package)],
        ),
        Case::new(
            "package signed again after the index was made",
            move |m, root| sign_again(m, root, PACKAGER),
            &[("yum.package-replaced", package)],
        ),
        Case::new(
            "package signed again by somebody else",
            move |m, root| sign_again(m, root, "stranger"),
            &[("file.digest-mismatch", package)],
        ),
        Case::new(
            "surplus package",
            |_, root| replace(root, "Packages/evil-1-1.noarch.rpm", b"evil"),
            &[],
        )
        .noting(&["file.surplus", "yum.surplus"]),
        Case::new(
            "listed package signed by somebody else",
            move |m, root| {
                sign_again(m, root, "stranger");
                list_again(m, root);
            },
            &[("signature.missing-certificate", &format!("{package} (DSA)"))],
        ),
        Case::new(
            "listed package signed by somebody else, not asked for",
            move |m, root| {
                sign_again(m, root, "stranger");
                list_again(m, root);
            },
            &[],
        )
        .ask(|_, request| request.level = Level::Content),
        Case::new(
            "listed package without a signature",
            move |m, root| {
                let rpm = pkgseal_testkit::build::rpm::Rpm::new(
                    "alpha",
                    "1.0",
                    "noarch",
                    pkgseal_testkit::build::rpm::Format::V4,
                );
                replace(root, &m.package, &rpm.build());
                list_again(m, root);
            },
            &[("rpm.unsigned", package)],
        ),
        Case::new(
            "corrupt package, by its size alone",
            |m, root| flip(root, &m.package),
            &[],
        )
        .ask(|_, request| request.level = Level::Existence),
        Case::new(
            "missing package, metadata alone",
            |m, root| remove(root, &m.package),
            &[],
        )
        .ask(|_, request| request.level = Level::Indices),
    ]
}

fn of_metadata(material: &Material) -> Vec<Case> {
    type Damage = fn(&Path, &str);
    let damages: [(&str, Damage, &str); 3] = [
        ("corrupt", flip, "file.digest-mismatch"),
        ("truncated", cut, "file.size-mismatch"),
        ("missing", remove, "file.missing"),
    ];
    let mut cases = Vec::new();
    for (kind, path) in &material.data {
        for (name, damage, code) in damages {
            let seed = path.clone();
            cases.push(Case::new(
                format!("{name} {kind}"),
                move |_, root| damage(root, &seed),
                &[(code, path)],
            ));
        }
    }
    let seed = material.data[1].1.clone();
    cases.push(
        Case::new(
            "missing filelists, root alone",
            move |_, root| remove(root, &seed),
            &[],
        )
        .ask(|_, request| request.level = Level::Signatures),
    );
    cases
}

fn of_the_root() -> Vec<Case> {
    let by = |names: &[&'static str], mut case: Case| {
        case.keyring = Some(names.to_vec());
        case
    };
    let asc = |name: &str, content: &'static [u8], code| {
        Case::new(
            name,
            move |_, root| replace(root, ASC, content),
            &[(code, ASC)],
        )
    };
    let signer = |name: &'static str, code: &'static str| {
        let mut case = Case::new(
            format!("signed by {name}"),
            move |_, root| sign_root(root, name),
            &[(code, ASC)],
        );
        case.later = SignedDuration::from_hours(24 * 180);
        by(&[name, PACKAGER], case)
    };
    vec![
        Case::new(
            "no repomd.xml",
            |_, root| remove(root, XML),
            &[("file.missing", XML)],
        ),
        Case::new(
            "unsigned",
            |_, root| remove(root, ASC),
            &[("yum.unsigned", ASC)],
        ),
        by(
            &["stranger"],
            Case::new(
                "unknown signer",
                |_, _| {},
                &[("signature.missing-certificate", ASC)],
            ),
        ),
        Case::new(
            "repomd.xml changed after it was signed",
            |_, root| flip(root, XML),
            &[("signature.bad", ASC)],
        ),
        asc("empty signature", b"", "signature.none"),
        asc("no signature at all", b"hello\n", "signature.malformed"),
        Case::new(
            "text after the signature",
            |_, root| {
                let text = [read(root, ASC), b"more\n".to_vec()].concat();
                replace(root, ASC, &text);
            },
            &[("signature.malformed", ASC)],
        ),
        Case::new(
            "two signatures",
            |_, root| {
                let text = read(root, XML);
                let options = keys::RawOptions::at(keys::SIGNED).binary();
                let packets: Vec<u8> = [SIGNER, PACKAGER]
                    .iter()
                    .flat_map(|name| keys::raw_sign(&keys::load(name), &text, &options))
                    .collect();
                replace(root, ASC, &keys::armor(&packets));
            },
            &[("yum.several-signatures", ASC)],
        ),
        signer("expired", "signature.key-expired"),
        signer("revoked-hard", "signature.key-revoked"),
        signer("rsa1024", "signature.weak-key"),
        Case::new(
            "a folder in place of repomd.xml",
            |_, root| {
                remove(root, XML);
                std::fs::create_dir(root.join(XML)).unwrap();
            },
            &[("file.not-regular", XML)],
        ),
    ]
}

fn of_time() -> Vec<Case> {
    let mut old = Case::new("too old", |_, _| {}, &[("yum.repomd.too-old", XML)])
        .ask(|_, request| request.freshness.max_age = Some(SignedDuration::from_hours(24)));
    old.later = SignedDuration::from_secs(1);
    let young = Case::new("not too old", |_, _| {}, &[])
        .ask(|_, request| request.freshness.max_age = Some(SignedDuration::from_hours(24)));
    let future = |root: &Path| {
        date(root, "1741000000");
        sign_root(root, SIGNER);
    };
    vec![
        old,
        young,
        Case::new(
            "dated in the future",
            move |_, root| future(root),
            &[("yum.repomd.future", XML)],
        ),
        Case::new("dated in the near future", move |_, root| future(root), &[]).ask(
            |_, request| {
                request.freshness.clock_skew = Some(SignedDuration::from_hours(48));
            },
        ),
    ]
}

/// Publishes again: other lists, a higher revision, later dates, a new signature.
fn publish_again(root: &Path) {
    for kind in ["primary", "filelists", "other"] {
        rewrite(root, kind, |text| text + "\n");
    }
    date(root, LATER_SECONDS);
    raise_revision(root);
    sign_root_at(root, SIGNER, LATER);
}

impl Material {
    /// A memory of the clean repository, or of what somebody makes of it.
    fn remembering(&self, change: impl FnOnce(&Path)) -> Memory {
        let copy = tempfile::tempdir().unwrap();
        link_tree(self.root(), copy.path());
        change(copy.path());
        let case = Case::new("clean", |_, _| {}, &[]);
        let found = self.verify(copy.path(), &case);
        let mut memory = Memory::default();
        memory.remember(found.generation.unwrap(), keys::time(keys::SIGNED));
        memory
    }
}

fn of_generations() -> Vec<Case> {
    let remember = |m: &Material| Some(m.remembering(|_| {}));
    let old_signature = |root: &Path, keep: bool| {
        let (xml, asc) = (read(root, XML), read(root, ASC));
        publish_again(root);
        replace(root, ASC, &asc);
        if keep {
            replace(root, "repodata/repomd.xml.old", &xml);
        }
    };
    // The list of the clean one under the name of the next.
    let stale_primary = |root: &Path| {
        let old = read(root, &location(&repomd(root), "primary"));
        publish_again(root);
        replace(root, &location(&repomd(root), "primary"), &old);
    };
    let bad = [("signature.bad", ASC), ("yum.signature-generation", ASC)];
    vec![
        Case::new("published again", |_, root| publish_again(root), &[])
            .ask(move |m, request| request.memory = remember(m)),
        Case::new("seen before", |_, _| {}, &[])
            .ask(move |m, request| request.memory = remember(m)),
        Case::new(
            "signature of the generation before, which is kept",
            move |_, root| old_signature(root, true),
            &bad,
        ),
        Case::new(
            "signature of the generation before, by its date",
            move |_, root| old_signature(root, false),
            &bad,
        ),
        Case::new(
            "signature of the generation before, by memory",
            move |_, root| {
                old_signature(root, false);
                date(root, "1738368000");
            },
            &bad,
        )
        .ask(move |m, request| request.memory = remember(m)),
        Case::new(
            "signature of another repomd.xml, nobody knows which",
            move |_, root| {
                old_signature(root, false);
                date(root, "1738368000");
            },
            &[("signature.bad", ASC)],
        ),
        Case::new(
            "signature of the next generation, the right one kept",
            |_, root| {
                let (xml, asc) = (read(root, XML), read(root, ASC));
                publish_again(root);
                replace(root, XML, &xml);
                replace(root, "repodata/.~repomd.xml.asc", &asc);
            },
            &bad,
        ),
        Case::new(
            "old generation served again",
            |_, _| {},
            &[("yum.repomd.rollback", XML)],
        )
        .ask(|m, request| request.memory = Some(m.remembering(publish_again))),
        Case::new(
            "old generation, signed again",
            |_, root| sign_root_at(root, SIGNER, LATER),
            &[("yum.repomd.rollback", XML)],
        )
        .ask(|m, request| request.memory = Some(m.remembering(publish_again))),
        Case::new(
            "two contents of one revision",
            |_, root| {
                rewrite(root, "other", |text| text + "\n");
            },
            &[("yum.repomd.equivocation", XML)],
        )
        .ask(move |m, request| request.memory = remember(m)),
        Case::new(
            "signed by others than before",
            |_, root| {
                publish_again(root);
                sign_root_at(root, "primary-signs-rsa3072", LATER);
            },
            &[("yum.repomd.other-signers", XML)],
        )
        .ask(move |m, request| request.memory = remember(m))
        .by(&["primary-signs-rsa3072", PACKAGER]),
        Case::new(
            "primary of the generation before, by memory",
            move |_, root| stale_primary(root),
            &[("yum.data-generation", "@primary")],
        )
        .ask(move |m, request| {
            request.memory = remember(m);
            request.level = Level::Indices;
        }),
        Case::new(
            "new root, lists of the generation before",
            |m, root| {
                publish_again(root);
                for kind in ["primary", "filelists", "other"] {
                    remove(root, &location(&repomd(root), kind));
                    let (_, path) = m.data.iter().find(|(known, _)| known == kind).unwrap();
                    replace(root, path, &read(m.root(), path));
                }
            },
            &[
                ("file.missing", "@primary"),
                ("file.missing", "@filelists"),
                ("file.missing", "@other"),
            ],
        )
        .noting(&["yum.partial-sync"]),
        Case::new(
            "createrepo_c killed at work",
            |m, root| {
                replace(root, ".repodata/primary.xml.gz", b"");
                remove(root, &m.package);
            },
            &[("file.missing", "Packages/alpha-1.0-1.noarch.rpm")],
        )
        .noting(&["yum.update-running"]),
    ]
}

fn of_lists() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in ["filelists", "other"] {
        let path = format!("@{kind}");
        let fewer = |text: &str| {
            let count = text.split(" packages=\"").nth(1).unwrap();
            let count: u64 = count.split('"').next().unwrap().parse().unwrap();
            text.replacen(
                &format!(" packages=\"{count}\""),
                &format!(" packages=\"{}\"", count - 1),
                1,
            )
        };
        cases.push(Case::new(
            format!("{kind} of a generation without a package"),
            move |_, root| {
                rewrite(root, kind, |text| {
                    fewer(&text).replace(&element_of(&text, "beta"), "")
                });
            },
            &[("yum.list.package-missing", &path)],
        ));
        cases.push(Case::new(
            format!("{kind} with a package too many"),
            move |_, root| {
                rewrite(root, kind, |text| {
                    of_package(&text, "beta", "pkgid=\"", "pkgid=\"00")
                });
            },
            &[
                ("yum.list.package-missing", &path),
                ("yum.list.not-in-primary", &path),
            ],
        ));
        cases.push(Case::new(
            format!("{kind} with a package twice"),
            move |_, root| {
                rewrite(root, kind, |text| {
                    let beta = element_of(&text, "beta");
                    text.replace(&beta, &beta.repeat(2))
                });
            },
            &[("yum.list.listed-twice", &path), ("yum.list.count", &path)],
        ));
        cases.push(Case::new(
            format!("{kind} with other names"),
            move |_, root| {
                rewrite(root, kind, |text| {
                    of_package(&text, "beta", "\"beta\"", "\"bета\"")
                });
            },
            &[("yum.list.identity", &path)],
        ));
        cases.push(Case::new(
            format!("{kind} with a document type"),
            move |_, root| {
                put(
                    root,
                    kind,
                    b"<!DOCTYPE x [<!ENTITY e \"e\">]>\n<filelists/>",
                );
            },
            &[("yum.list.malformed", &path)],
        ));
        cases.push(Case::new(
            format!("another list in place of {kind}"),
            move |_, root| {
                let primary = open(root, "primary");
                put(root, kind, primary.as_bytes());
            },
            &[("yum.list.malformed", &path)],
        ));
    }
    cases
}

fn of_lies(material: &Material) -> Vec<Case> {
    let package = &*material.package;
    let lists = |code: &'static str| {
        [
            ("yum.list.identity", "@filelists"),
            ("yum.list.identity", "@other"),
            (code, package),
        ]
    };
    let described = |name: &str, from: &'static str, to: &'static str, expected: &[_]| {
        Case::new(
            name,
            move |_, root| {
                rewrite(root, "primary", |text| of_package(&text, "alpha", from, to));
            },
            expected,
        )
    };
    let said =
        |name: &str, kind: &'static str, from: &'static str, to: &'static str, code, path: &str| {
            Case::new(
                name,
                move |_, root| lie(root, kind, from, to),
                &[(code, path)],
            )
        };
    let mut cases = vec![
        described(
            "another name",
            "<name>alpha<",
            "<name>omega<",
            &lists("yum.package-identity"),
        ),
        described(
            "another version",
            "ver=\"1.0\"",
            "ver=\"9.0\"",
            &lists("yum.package-identity"),
        ),
        described(
            "another epoch",
            "epoch=\"0\"",
            "epoch=\"7\"",
            &lists("yum.package-identity"),
        ),
        described(
            "another architecture",
            "<arch>noarch",
            "<arch>x86_64",
            &lists("yum.package-identity"),
        ),
        described(
            "header elsewhere",
            "header-range start=\"",
            "header-range start=\"1",
            &[("yum.header-range", package)],
        ),
        described(
            "header-range of nothing",
            "header-range start=",
            "header-range begin=",
            &[],
        ),
        described(
            "size too large",
            "<size package=\"",
            "<size package=\"9",
            &[("file.size-mismatch", package)],
        ),
        described(
            "location climbs out",
            "href=\"Packages/",
            "href=\"../Packages/",
            &[("path.unsafe", "@primary")],
        ),
        described(
            "location absolute",
            "href=\"Packages/",
            "href=\"/etc/",
            &[("path.unsafe", "@primary")],
        ),
        described(
            "location on another server",
            "<location href",
            "<location xml:base=\"http://evil.invalid/\" href",
            &[("yum.location-elsewhere", "@primary")],
        ),
        described(
            "location in metadata's own place",
            "href=\"Packages/alpha-1.0-1.noarch.rpm",
            "href=\"repodata/repomd.xml",
            &[("file.size-mismatch", XML)],
        )
        .noting(&["yum.surplus"]),
        described(
            "two names",
            "<name>",
            "<name>omega</name><name>",
            &[("yum.primary.malformed", "@primary")],
        ),
        Case::new(
            "primary with a document type",
            |_, root| {
                rewrite(root, "primary", |text| {
                    text.replacen(
                        "<metadata",
                        "<!DOCTYPE m [<!ENTITY e \"e\">]>\n<metadata",
                        1,
                    )
                });
            },
            &[("yum.primary.malformed", "@primary")],
        ),
        Case::new(
            "primary with an unknown entity",
            |_, root| {
                rewrite(root, "primary", |text| {
                    of_package(&text, "alpha", "<name>alpha", "<name>&e;alpha")
                });
            },
            &[("yum.primary.malformed", "@primary")],
        ),
        Case::new(
            "primary announces too many",
            |_, root| {
                rewrite(root, "primary", |text| {
                    text.replacen(" packages=\"", " packages=\"1", 1)
                });
            },
            &[("yum.primary.count", "@primary")],
        ),
        Case::new(
            "package listed twice",
            |_, root| {
                rewrite(root, "primary", |text| {
                    let alpha = element_of(&text, "alpha");
                    text.replacen(&alpha, &alpha.repeat(2), 1)
                });
            },
            &[
                ("yum.primary.count", "@primary"),
                ("yum.primary.listed-twice", package),
                ("yum.list.package-missing", "@filelists"),
                ("yum.list.package-missing", "@other"),
            ],
        ),
        Case::new(
            "two packages of one name",
            |m, root| {
                use pkgseal_testkit::build::Digest;
                let old = read(m.root(), &m.package);
                let new = [&old[..], b"more"].concat();
                replace(root, "Packages/other.rpm", &new);
                let (before, after) = (Digest::Sha256.hex(&old), Digest::Sha256.hex(&new));
                for kind in ["primary", "filelists", "other"] {
                    rewrite(root, kind, |text| {
                        let alpha = element_of(&text, "alpha");
                        let second = alpha
                            .replace(&before, &after)
                            .replace("alpha-1.0-1.noarch.rpm", "other.rpm")
                            .replace(
                                &format!("package=\"{}\"", old.len()),
                                &format!("package=\"{}\"", new.len()),
                            );
                        let count = text.split(" packages=\"").nth(1).unwrap();
                        let count: u64 = count.split('"').next().unwrap().parse().unwrap();
                        text.replacen(&alpha, &format!("{alpha}{second}"), 1)
                            .replacen(
                                &format!(" packages=\"{count}\""),
                                &format!(" packages=\"{}\"", count + 1),
                                1,
                            )
                    });
                }
            },
            &[("yum.primary.same-name", "Packages/other.rpm")],
        )
        .ask(|_, request| request.level = Level::Content),
        Case::new(
            "bomb in place of primary",
            |_, root| {
                let bomb = vec![b' '; 64 << 20];
                let size = number(root, "primary", "open-size");
                put(root, "primary", &bomb);
                lie(
                    root,
                    "primary",
                    &number(root, "primary", "open-size"),
                    &size,
                );
            },
            &[("yum.open-size-mismatch", "@primary")],
        ),
        Case::new(
            "bomb in place of other",
            |_, root| {
                let bomb = vec![b' '; 64 << 20];
                let size = number(root, "other", "open-size");
                put(root, "other", &bomb);
                lie(root, "other", &number(root, "other", "open-size"), &size);
            },
            &[("yum.open-size-mismatch", "@other")],
        ),
        Case::new(
            "no compression at all",
            |_, root| {
                // Named as compressed, and stored plain.
                let open = open(root, "other");
                replace(root, &location(&repomd(root), "other"), open.as_bytes());
                let digest = pkgseal_testkit::build::Digest::Sha256.hex(open.as_bytes());
                relist(root, |text| {
                    let old = super::edit::element(&text, "other").to_owned();
                    let size = format!("<size>{}<", open.len());
                    let from = old.split("<checksum type=\"sha256\">").nth(1).unwrap();
                    let hex = from.split('<').next().unwrap();
                    let new =
                        old.replace(&format!("sha256\">{hex}<"), &format!("sha256\">{digest}<"));
                    let known = new
                        .split("<size>")
                        .nth(1)
                        .unwrap()
                        .split('<')
                        .next()
                        .unwrap();
                    let new = new.replacen(&format!("<size>{known}<"), &size, 1);
                    text.replacen(&old, &new, 1)
                });
            },
            &[("yum.decompression", "@other")],
        ),
        said(
            "smaller size",
            "primary",
            "<size>",
            "<size>1",
            "file.size-mismatch",
            "@primary",
        ),
        said(
            "larger open size",
            "primary",
            "<open-size>",
            "<open-size>1",
            "yum.open-size-mismatch",
            "@primary",
        ),
        said(
            "other open checksum",
            "filelists",
            "<open-checksum type=\"sha256\">",
            "<open-checksum type=\"sha256\">00",
            "yum.repomd.malformed",
            XML,
        ),
        said(
            "no checksum",
            "other",
            "<checksum ",
            "<sum ",
            "yum.repomd.malformed",
            XML,
        ),
        said(
            "climbing",
            "other",
            "href=\"",
            "href=\"../",
            "path.unsafe",
            XML,
        ),
        said(
            "with a scheme",
            "other",
            "href=\"",
            "href=\"file:///",
            "path.unsafe",
            XML,
        ),
        said(
            "absolute",
            "other",
            "href=\"",
            "href=\"/",
            "path.unsafe",
            XML,
        ),
        said(
            "elsewhere",
            "other",
            "<location ",
            "<location xml:base=\"https://evil.invalid/\" ",
            "yum.location-elsewhere",
            XML,
        ),
        said(
            "twice one size",
            "other",
            "<size>",
            "<size>1</size><size>",
            "yum.repomd.malformed",
            XML,
        ),
        said(
            "a second primary",
            "other",
            "type=\"other\"",
            "type=\"primary\"",
            "yum.repomd.malformed",
            XML,
        ),
        said(
            "no primary",
            "primary",
            "type=\"primary\"",
            "type=\"secondary\"",
            "yum.no-primary",
            XML,
        ),
        Case::new(
            "repomd.xml with a document type",
            |_, root| {
                relist(root, |text| {
                    text.replacen("<repomd", "<!DOCTYPE r [<!ENTITY e \"e\">]>\n<repomd", 1)
                });
            },
            &[("yum.repomd.malformed", XML)],
        ),
        Case::new(
            "two revisions",
            |_, root| {
                relist(root, |text| {
                    text.replacen("<revision>", "<revision>1</revision><revision>", 1)
                });
            },
            &[("yum.repomd.malformed", XML)],
        ),
    ];
    if material.data.iter().any(|(kind, _)| kind == "primary_zck") {
        for (name, from, to) in [
            (
                "zchunk header of another size",
                "<header-size>",
                "<header-size>1",
            ),
            (
                "zchunk header of another checksum",
                "<header-checksum type=\"sha256\">",
                "<header-checksum type=\"sha256\">FACE",
            ),
        ] {
            cases.push(Case::new(
                name,
                move |_, root| {
                    relist(root, |text| {
                        let old = super::edit::element(&text, "primary_zck");
                        let mut new = old.replacen(from, to, 1);
                        if let Some(at) = new.find("FACE") {
                            // In place of as many digits.
                            new.replace_range(at + 4..at + 8, "");
                        }
                        text.replacen(old, &new, 1)
                    });
                },
                &[("yum.zchunk-header", "@primary_zck")],
            ));
        }
    }
    assert!(files(material.root()).len() > 8);
    cases
}
