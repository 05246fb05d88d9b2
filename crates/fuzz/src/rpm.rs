//! .rpm packages, the signature header's editor, repomd.xml, primary.xml, metalinks, state.

use std::sync::LazyLock;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Destination, Limits, Outcome};
use pkgseal_rpm::editor::Editor;
use pkgseal_rpm::header::{Index, Role};
use pkgseal_rpm::package::SignOptions;
use pkgseal_rpm::package::header_blob::{self, Offer, SignatureList};
use pkgseal_rpm::tag::SignatureTag;
use pkgseal_rpm::yum::repo_file::RepoFile;
use pkgseal_rpm::yum::{Freshness, Memory, Metalink, Primary, Repomd};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm};
use pkgseal_testkit::build::yum::Repository;

use crate::{Target, seeds};

/// Whole packages, through the way in that `pkgseal verify` takes.
pub(crate) const PACKAGE: Target = Target {
    name: "rpm_package",
    run: |data| {
        seeds::with_file(".rpm", data, |path| {
            let verify =
                |verifier| pkgseal_rpm::package::verify(path, verifier, &Limits::default());
            let _ = verify(seeds::friend());
            if let Ok(examination) = verify(seeds::stranger()) {
                let outcome = examination.outcome();
                assert_ne!(
                    outcome,
                    Outcome::Accepted,
                    "accepted without its certificate"
                );
            }
        });
    },
    seeds: || seeds::vectors("rpm", ".rpm"),
};

/// What comes back to a package: signatures, lists of them, signature headers; plans; and
/// what lints and inspect make of a package.
pub(crate) const MOVING: Target = Target {
    name: "rpm_moving",
    run: |data| {
        let limits = Limits::default();
        let _ = SignatureList::read(data, &limits);
        seeds::with_file(".rpm", alpha(), |path| {
            let applied = header_blob::apply(
                path,
                Offer::File(data),
                seeds::stranger(),
                &SignOptions::default(),
                &Destination::Beside,
                &limits,
            );
            if let Ok((staged, _)) = applied {
                assert!(staged.is_none(), "accepted without its certificate");
            }
        });
        seeds::with_file(".rpm", data, |path| {
            let _ = header_blob::main_header(path);
            let _ = header_blob::signature_header(path);
            let _ = pkgseal_rpm::package::inspect(path, seeds::stranger(), &limits);
            let targets: Vec<_> = pkgseal_rpm::lint::Target::named("el9")
                .into_iter()
                .collect();
            let known = seeds::friend().certificates();
            let _ = pkgseal_rpm::lint::package(path, &targets, known, seeds::now(), &limits);
        });
        let _ = RepoFile::read(data);
    },
    seeds: || {
        let parts = Parts::read(alpha());
        let signature = seeds::binary_signature(&parts.header);
        let digest = "d4f9ad66f7c6e000d8ebf9ec92ad2c4636547853708554d93dab672bdfd98ca1";
        let packet = pkgseal_testkit::build::rpm::base64(&signature);
        let list = format!("pkgseal-rpm-signatures 1\n{digest} {packet} alpha.rpm\nend 1\n");
        let entry = "[a]\nname=a\nbaseurl=https://a.invalid/\ngpgkey=https://a.invalid/k\n\
             gpgcheck=1\nrepo_gpgcheck=1\n";
        let signed = parts.openpgp(std::slice::from_ref(&signature));
        vec![
            signature,
            list.into_bytes(),
            pkgseal_testkit::build::rpm::signature_header(&signed.signature),
            signed.build(),
            entry.into(),
        ]
    },
};

fn alpha() -> &'static [u8] {
    static ALPHA: LazyLock<Vec<u8>> =
        LazyLock::new(|| Rpm::new("alpha", "1.0", "noarch", Format::V4).build());
    &ALPHA
}

/// Signature headers, taken apart and put together again.
pub(crate) const EDITOR: Target = Target {
    name: "rpm_header",
    run: |data| {
        let _ = Index::parse(data, Role::Main);
        for reserve in [999, 1008] {
            let Ok(editor) = Editor::parse(data, SignatureTag(reserve)) else {
                continue;
            };
            if let Ok(edited) = editor.finish() {
                let again = Editor::parse(&edited.header, SignatureTag(reserve));
                assert!(again.is_ok(), "wrote a header it cannot read: {again:?}");
            }
        }
    },
    seeds: || {
        let mut seeds = Vec::new();
        for format in [Format::V4, Format::V6] {
            let parts = Parts::read(&Rpm::new("alpha", "1.0", "noarch", format).build());
            seeds.push(parts.header.clone());
            for package in [
                parts.clone(),
                parts.openpgp(&[seeds::binary_signature(b"x")]),
            ] {
                seeds.push(pkgseal_testkit::build::rpm::signature_header(
                    &package.signature,
                ));
            }
        }
        seeds
    },
};

/// Signed roots of yum repositories.
pub(crate) const REPOMD: Target = Target {
    name: "repomd",
    run: |data| {
        let _ = Repomd::parse(
            Verified::danger_unverified(data.to_vec()),
            &Limits::default(),
        );
    },
    seeds: || {
        let repository = repository();
        let mut seeds = seeds::vectors("repomd", "repomd.xml");
        seeds.push(repository.repomd(&repository.metadata()).into_bytes());
        seeds
    },
};

/// Package lists of yum repositories.
pub(crate) const PRIMARY: Target = Target {
    name: "primary",
    run: |data| {
        let source = Verified::danger_unverified(data);
        let _ = Primary::read(source, "primary.xml", &Limits::default());
    },
    seeds: || vec![repository().primary().into_bytes()],
};

/// Metalinks of yum repositories.
pub(crate) const METALINK: Target = Target {
    name: "metalink",
    run: |data| {
        let metalink = Metalink::parse("metalink.xml", data);
        let found = metalink.judge(b"nothing like it", &Freshness::default(), seeds::now());
        assert!(!found.is_empty(), "vouches for what it does not name");
    },
    seeds: || {
        let version = "<mm0:timestamp>1740787200</mm0:timestamp><size>9</size><verification>\
            <hash type=\"md5\">0ffcd7798421c9a6760f3e4202cc4675</hash><hash type=\"sha256\">\
            d4f9ad66f7c6e000d8ebf9ec92ad2c4636547853708554d93dab672bdfd98ca1</hash></verification>";
        let text = format!(
            "<metalink pubdate=\"Sat, 01 Mar 2025 00:00:00 GMT\"><files><file name=\"repomd.xml\">\
             {version}<mm0:alternates><mm0:alternate>{version}</mm0:alternate></mm0:alternates>\
             <resources><url protocol=\"https\">https://m.invalid/repodata/repomd.xml</url>\
             </resources></file></files></metalink>"
        );
        vec![text.into_bytes()]
    },
};

/// What a verification of a yum repository remembers.
pub(crate) const STATE: Target = Target {
    name: "yum_state",
    run: |data| {
        let Ok(text) = std::str::from_utf8(data) else {
            return;
        };
        if let Ok(memory) = Memory::parse(text) {
            let again = Memory::parse(&memory.to_text());
            assert_eq!(again, Ok(memory), "wrote a state it reads otherwise");
        }
    },
    seeds: || {
        let digest = "d4f9ad66f7c6e000d8ebf9ec92ad2c4636547853708554d93dab672bdfd98ca1";
        let seen = format!(
            "seen 2025-03-02T00:00:00Z\nrepomd {digest}\nrevision 1740787200\n\
             timestamp 1740787200\nsigned 2025-03-01T00:00:00Z\n\
             signer 0123456789ABCDEF0123456789ABCDEF01234567\ndata primary sha256 {digest}\n"
        );
        vec![format!("pkgseal-yum-state 1\n\n{seen}\n{seen}").into_bytes()]
    },
};

fn repository() -> Repository {
    Repository::new(vec![
        Rpm::new("alpha", "1.0", "noarch", Format::V4),
        Rpm::new("beta", "2.0", "x86_64", Format::V6).file("/usr/share/beta", b"beta\n"),
    ])
}
