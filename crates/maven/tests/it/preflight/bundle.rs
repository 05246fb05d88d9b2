//! Bundles: the same from run to run, and read by others.

use super::*;

fn make(dir: &Path, output: &Path) -> pkgseal_maven::Result<Examination> {
    let options = CheckOptions::default();
    bundle(dir, output, &verifier(&["good"]), &options, &NoProgress)
}

#[test]
fn a_bundle_is_the_same_from_run_to_run() {
    let out = tempfile::tempdir().unwrap();
    let [first, second] = ["1.zip", "2.zip"].map(|name| {
        let dir = signed();
        put(
            dir.path(),
            "org/example/lib/maven-metadata-local.xml",
            "<metadata/>",
        );
        put(dir.path(), &format!("{FOLDER}/_remote.repositories"), name);
        put(
            dir.path(),
            &format!("{FOLDER}/lib-1.0.jar.asc.md5"),
            "not needed",
        );
        let path = out.path().join(name);
        assert_accepted(&make(dir.path(), &path).unwrap());
        fs::read(path).unwrap()
    });
    assert!(first == second);
    let archive = zip::Archive::open(&out.path().join("1.zip"))
        .unwrap()
        .unwrap();
    let names: Vec<String> = archive.files().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names.len(), 5 * 4, "{names:#?}");
    assert!(names.iter().all(|name| name.starts_with(FOLDER)));
}

#[test]
fn two_bundles_differ_in_signatures_only() {
    let out = tempfile::tempdir().unwrap();
    let files = ["2025-03-01", "2025-03-02"].map(|day| {
        let dir = signed();
        for name in ["lib-1.0.jar", "lib-1.0.pom"] {
            resign(dir.path(), name, "good", &RawOptions::at(day));
        }
        let path = out.path().join(format!("{day}.zip"));
        assert_accepted(&make(dir.path(), &path).unwrap());
        let archive = zip::Archive::open(&path).unwrap().unwrap();
        let read = |(path, _): (&pkgseal_repo::SafePath, u64)| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut archive.read(path).unwrap(), &mut bytes).unwrap();
            (path.to_string(), bytes)
        };
        archive.files().map(read).collect::<Vec<_>>()
    });
    let [first, second] = &files;
    let differ: Vec<&str> = first
        .iter()
        .zip(second)
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.0.as_str())
        .collect();
    assert_eq!(differ.len(), 2);
    assert!(
        differ.iter().all(|name| name.ends_with(".asc")),
        "{differ:?}"
    );
}

#[test]
fn a_rejected_bundle_is_not_written() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("bundle.zip");
    let dir = signed();
    remove(dir.path(), "lib-1.0.jar.asc");
    let judged = make(dir.path(), &path).unwrap();
    crate::assert_rejected(&judged, codes::CENTRAL_SIGNATURE_MISSING);
    for strange in ["other-1.0.jar", "lib-1.0.war.asc"] {
        let dir = signed();
        write(dir.path(), strange, "x");
        let error = make(dir.path(), &path).unwrap_err();
        assert!(error.to_string().contains(strange), "{error}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(make(empty.path(), &path).is_err());
    assert!(contents(out.path()).is_empty(), "nothing was left behind");
}

#[test]
fn other_programs_read_our_bundle() {
    let Some(unzip) =
        pkgseal_testkit::peers::have("jar").or_else(|| pkgseal_testkit::peers::have("unzip"))
    else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("bundle.zip");
    let dir = signed();
    assert_accepted(&make(dir.path(), &path).unwrap());
    let mut command = unzip.command();
    let arguments: &[&str] = if unzip.path().ends_with("jar") {
        &["--extract", "--file"]
    } else {
        &["-q"]
    };
    let target = out.path().join("unpacked");
    fs::create_dir(&target).unwrap();
    command.current_dir(&target).args(arguments).arg(&path);
    pkgseal_testkit::peers::run(&mut command).expect_ok();
    assert_eq!(contents(&target), contents(dir.path()));
}
