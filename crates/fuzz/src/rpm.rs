//! .rpm packages, the signature header's editor, repomd.xml, primary.xml.

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Limits, Outcome};
use pkgseal_rpm::editor::Editor;
use pkgseal_rpm::header::{Index, Role};
use pkgseal_rpm::tag::SignatureTag;
use pkgseal_rpm::yum::{Primary, Repomd};
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

fn repository() -> Repository {
    Repository::new(vec![
        Rpm::new("alpha", "1.0", "noarch", Format::V4),
        Rpm::new("beta", "2.0", "x86_64", Format::V6).file("/usr/share/beta", b"beta\n"),
    ])
}
