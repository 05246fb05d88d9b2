//! `pkgseal rpm header`, `sign-plan` and `apply`: headers travel, packages stay.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Parts, Rpm};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::rpm as peer;

use crate::run::{Call, listing, pkgseal, private_key, sign_with};

const KEY: &str = "good-rsa4096";

fn package(folder: &Path, name: &str) -> PathBuf {
    let rpm = Rpm::new(name, "1.0", "noarch", Format::V4).reserve(Some(4096));
    let path = folder.join(rpm.file_name());
    fs::write(&path, rpm.build()).unwrap();
    path
}

fn apply(key: &str) -> Call {
    pkgseal(["rpm", "apply", "--time", keys::SIGNED, "--keyring"])
        .arg(keys::load(key).certificate_path())
}

fn verified(package: &Path) {
    pkgseal(["verify", "--time", keys::NOW, "--keyring"])
        .arg(keys::load(KEY).certificate_path())
        .arg(package)
        .run()
        .expect(0);
    if let Some(run) = peer::check(package, &[&keys::load(KEY)]) {
        run.expect_ok();
    }
}

/// A header beside the package, signed by `pkgseal sign` as any file.
#[test]
fn a_header_is_signed_as_a_file_and_the_signature_put_in() {
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path(), "hello");
    let before = fs::read(&package).unwrap();
    let run = pkgseal(["rpm", "header"]).arg(&package).run().expect(0);
    run.prints("hello-1.0-1.noarch");
    let away = tempfile::tempdir().unwrap();
    let header = away.path().join("hello-1.0-1.noarch.rpm.hdr");
    fs::rename(folder.path().join("hello-1.0-1.noarch.rpm.hdr"), &header).unwrap();
    assert!(fs::read(&header).unwrap() == Parts::read(&before).header);
    sign_with(away.path(), KEY, &header);
    apply(KEY)
        .arg(&package)
        .arg(away.path().join("hello-1.0-1.noarch.rpm.hdr.asc"))
        .run()
        .expect(0);
    verified(&package);
    assert_eq!(listing(folder.path()), ["hello-1.0-1.noarch.rpm"]);
}

/// Plan, offline machine, signatures back: what `pkgseal sign` makes in place.
#[test]
fn a_plan_goes_over_an_air_gap_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let packages = [
        package(folder.path(), "hello"),
        package(folder.path(), "world"),
    ];
    let away = tempfile::tempdir().unwrap();
    let plan = away.path().join("plan");
    pkgseal(["rpm", "header", "--plan"])
        .arg(&plan)
        .args(&packages)
        .run()
        .expect(0);
    let key = private_key(folder.path(), &format!("{KEY}.key.asc"));
    let run = pkgseal(["rpm", "sign-plan", "--time", keys::SIGNED, "--key"])
        .arg(&key)
        .arg(&plan)
        .run()
        .expect(0);
    for name in ["hello-1.0-1.noarch", "world-1.0-1.noarch"] {
        run.prints(name);
    }
    let output = folder.path().join("signed");
    apply(KEY)
        .arg("--output")
        .arg(&output)
        .args(&packages)
        .arg(away.path().join("plan.signatures"))
        .run()
        .expect(0);
    for package in &packages {
        let applied = output.join(package.file_name().unwrap());
        verified(&applied);
        pkgseal(["sign", "--time", keys::SIGNED, "--key"])
            .arg(&key)
            .arg(package)
            .run()
            .expect(0);
        assert!(fs::read(&applied).unwrap() == fs::read(package).unwrap());
    }
}

#[test]
fn a_directory_holds_a_signature_for_each_package() {
    let folder = tempfile::tempdir().unwrap();
    let packages = [
        package(folder.path(), "hello"),
        package(folder.path(), "world"),
    ];
    let signed = tempfile::tempdir().unwrap();
    for package in &packages {
        fs::copy(package, signed.path().join(package.file_name().unwrap())).unwrap();
    }
    let key = private_key(folder.path(), &format!("{KEY}.key.asc"));
    let copies = packages
        .iter()
        .map(|package| signed.path().join(package.file_name().unwrap()));
    pkgseal(["sign", "--time", keys::SIGNED, "--key"])
        .arg(&key)
        .args(copies.clone())
        .run()
        .expect(0);
    let blobs = tempfile::tempdir().unwrap();
    pkgseal(["rpm", "header", "--signature-header", "--output"])
        .arg(blobs.path())
        .args(copies.clone())
        .run()
        .expect(0);
    assert_eq!(
        listing(blobs.path()),
        ["hello-1.0-1.noarch.rpm.sig", "world-1.0-1.noarch.rpm.sig"]
    );
    apply(KEY).args(&packages).arg(blobs.path()).run().expect(0);
    for (package, copy) in packages.iter().zip(copies) {
        verified(package);
        assert!(fs::read(package).unwrap() == fs::read(copy).unwrap());
    }
    // Two files for one package: nobody guesses which.
    fs::write(blobs.path().join("hello-1.0-1.noarch.rpm.hdr.asc"), "x").unwrap();
    let run = apply(KEY).args(&packages).arg(blobs.path()).run().expect(2);
    run.complains("are both for");
    fs::remove_file(blobs.path().join("hello-1.0-1.noarch.rpm.hdr.asc")).unwrap();
    fs::remove_file(blobs.path().join("hello-1.0-1.noarch.rpm.sig")).unwrap();
    let run = apply(KEY).args(&packages).arg(blobs.path()).run().expect(2);
    run.complains("holds no signature");
}

#[test]
fn what_does_not_fit_is_a_verdict_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (hello, world) = (
        package(folder.path(), "hello"),
        package(folder.path(), "world"),
    );
    let before = fs::read(&hello).unwrap();
    let plan = folder.path().join("plan");
    pkgseal(["rpm", "header", "--plan"])
        .arg(&plan)
        .arg(&world)
        .run()
        .expect(0);
    pkgseal(["rpm", "sign-plan", "--time", keys::SIGNED, "--key"])
        .arg(private_key(folder.path(), &format!("{KEY}.key.asc")))
        .arg(&plan)
        .run()
        .expect(0);
    let list = folder.path().join("plan.signatures");
    let run = apply(KEY).arg(&hello).arg(&list).run().expect(1);
    run.prints("[rpm.apply.no-signature]");
    let run = apply("good-ed25519").arg(&world).arg(&list).run().expect(1);
    run.prints("[signature.missing-certificate]");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replace("end 1", "end 3")).unwrap();
    let run = apply(KEY).arg(&world).arg(&list).run().expect(1);
    run.prints("[rpm.signature-list.malformed]");
    let json = apply(KEY)
        .arg("--json")
        .arg(&world)
        .arg(&list)
        .run()
        .expect(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["outcome"], "rejected");
    // One signature is for one package.
    let one = folder.path().join("one.asc");
    fs::write(&one, "-----BEGIN PGP SIGNATURE-----\n").unwrap();
    apply(KEY).args([&hello, &world]).arg(&one).run().expect(2);
    let run = apply(KEY).arg(&hello).arg(&one).run().expect(1);
    run.prints("[signature.malformed]");
    assert!(fs::read(&hello).unwrap() == before);
}

/// One damaged package, and there is no plan at all.
#[test]
fn a_plan_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let (hello, world) = (
        package(folder.path(), "hello"),
        package(folder.path(), "world"),
    );
    let mut damaged = fs::read(&world).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&world, damaged).unwrap();
    let plan = folder.path().join("plan");
    let header = || pkgseal(["rpm", "header", "--plan"]).arg(&plan);
    let run = header().args([&hello, &world]).run().expect(1);
    run.prints("[rpm.payload.digest-mismatch]");
    assert!(!plan.exists());
    header()
        .arg(&hello)
        .arg(folder.path().join("missing.rpm"))
        .run()
        .expect(2);
    assert!(!plan.exists());
    let run = pkgseal(["rpm", "header"])
        .args([&hello, &world])
        .run()
        .expect(1);
    run.prints("wrote");
    let left = listing(folder.path());
    assert!(left.contains(&"hello-1.0-1.noarch.rpm.hdr".to_owned()));
    assert!(!left.contains(&"world-1.0-1.noarch.rpm.hdr".to_owned()));
}
