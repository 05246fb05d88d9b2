use std::os::unix::fs::symlink;

use super::*;

fn staged(target: &Path) -> StagedFile {
    let mut file = StagedFile::create(target).unwrap();
    file.write_all(b"new").unwrap();
    file
}

/// Two files, one below, one behind a link, and what they are like before.
fn old() -> (tempfile::TempDir, [PathBuf; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("below")).unwrap();
    fs::create_dir(root.join("real")).unwrap();
    let files = ["a b", "below/b", "c"].map(|name| root.join(name));
    symlink("real/c", &files[2]).unwrap();
    files
        .iter()
        .for_each(|file| fs::write(file, "old").unwrap());
    (folder, files)
}

fn set(files: &[PathBuf]) -> StagedSet {
    let mut set = StagedSet::new();
    files.iter().for_each(|file| set.push(staged(file)));
    set
}

fn contents(files: &[PathBuf]) -> Vec<String> {
    files
        .iter()
        .map(|f| fs::read_to_string(f).unwrap())
        .collect()
}

fn hidden(root: &Path) -> usize {
    let hidden = |entry: io::Result<fs::DirEntry>| {
        entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.')
    };
    fs::read_dir(root)
        .unwrap()
        .map(hidden)
        .filter(|h| *h)
        .count()
}

/// Stops right after the journal has its name, and after `renamed` files have theirs.
fn killed(root: &Path, files: &[PathBuf], renamed: usize) {
    let ready = set(files).ready().unwrap();
    let mut text = format!("{TITLE}\n");
    for file in &ready {
        let name = file.name.0.file_name().unwrap().to_string_lossy();
        let _ = writeln!(text, "{name} {}", relative(file, root).unwrap());
    }
    let _ = writeln!(text, "{END}");
    let journal = Journal::begin(root, &text).unwrap();
    for (number, file) in ready.into_iter().enumerate() {
        if number < renamed {
            fs::rename(&file.name.0, &file.target).unwrap();
        }
        file.name.keep();
    }
    drop(journal);
}

#[test]
fn all_are_replaced_and_no_journal_stays() {
    let (folder, files) = old();
    let targets = set(&files).commit_together(folder.path()).unwrap();
    assert_eq!(targets.len(), 3);
    assert_eq!(contents(&files), ["new"; 3]);
    assert!(files[2].is_symlink());
    assert_eq!(hidden(folder.path()), 0);
    assert!(!unfinished(folder.path()));
    assert!(complete(folder.path()).unwrap().is_empty());
}

#[test]
fn what_a_killed_process_began_is_completed() {
    for renamed in 0..=3 {
        let (folder, files) = old();
        killed(folder.path(), &files, renamed);
        assert!(unfinished(folder.path()));
        assert_eq!(complete(folder.path()).unwrap().len(), 3 - renamed);
        assert_eq!(contents(&files), ["new"; 3]);
        assert!(files[2].is_symlink());
        assert_eq!(hidden(folder.path()), 0);
        assert_eq!(hidden(&folder.path().join("real")), 0);
        assert!(!unfinished(folder.path()));
    }
}

#[test]
fn the_next_set_completes_it_first() {
    let (folder, files) = old();
    killed(folder.path(), &files, 1);
    set(&files[..1]).commit_together(folder.path()).unwrap();
    assert_eq!(contents(&files), ["new"; 3]);
    assert_eq!(hidden(folder.path()), 0);
}

#[test]
fn a_process_at_it_is_waited_for() {
    let (folder, files) = old();
    let root = folder.path();
    killed(root, &files, 0);
    let owner = File::open(root.join(JOURNAL)).unwrap();
    flock(&owner, FlockOperation::LockExclusive).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| complete(root).unwrap());
        // The owner ends it, by hand here; whoever waited finds nothing left.
        let text = fs::read_to_string(root.join(JOURNAL)).unwrap();
        for (temporary, path) in parse(&text).unwrap() {
            let target = resolve_links(&root.join(path)).unwrap();
            fs::rename(target.parent().unwrap().join(temporary), &target).unwrap();
        }
        fs::remove_file(root.join(JOURNAL)).unwrap();
        drop(owner);
        assert!(waiting.join().unwrap().is_empty());
    });
    assert_eq!(contents(&files), ["new"; 3]);
}

#[test]
fn a_target_elsewhere_is_refused_and_nothing_changes() {
    let (folder, files) = old();
    let elsewhere = tempfile::tempdir().unwrap();
    let refused = set(&files).commit_together(elsewhere.path());
    assert!(matches!(refused, Err(Error::Write { .. })));
    let refused = set(&files).commit_together(&folder.path().join("below"));
    assert!(matches!(refused, Err(Error::Write { .. })));
    assert_eq!(contents(&files), ["old"; 3]);
    assert_eq!(hidden(folder.path()), 0);
}

#[test]
fn journals_of_others_are_refused() {
    let temporary = ".pkgseal-0123456789abcdef.tmp";
    for text in [
        String::new(),
        format!("{TITLE}\n"),
        format!("{TITLE}\n{temporary} a b\n"),
        format!("pkgseal files 2\n{temporary} a b\n{END}\n"),
        format!("{TITLE}\n{temporary}\n{END}\n"),
        format!("{TITLE}\n{temporary} ../a\n{END}\n"),
        format!("{TITLE}\n{temporary} /a\n{END}\n"),
        format!("{TITLE}\n{temporary} below/../../a\n{END}\n"),
        format!("{TITLE}\n../{temporary} a b\n{END}\n"),
        format!("{TITLE}\n.pkgseal-0123456789abcde/.tmp a b\n{END}\n"),
        format!("{TITLE}\nc a b\n{END}\n"),
        format!("{TITLE}\n{temporary} a b\n{END} \n"),
    ] {
        let (folder, files) = old();
        fs::write(folder.path().join(temporary), "planted").unwrap();
        fs::write(folder.path().join(JOURNAL), &text).unwrap();
        let refused = complete(folder.path());
        assert!(matches!(refused, Err(Error::Read { .. })), "{text}");
        assert_eq!(contents(&files), ["old"; 3], "{text}");
        let refused = set(&files).commit_together(folder.path());
        assert!(refused.is_err(), "{text}");
        assert_eq!(contents(&files), ["old"; 3], "{text}");
    }
}

#[test]
fn a_journal_of_another_user_or_no_file_is_refused() {
    let (folder, files) = old();
    let journal = folder.path().join(JOURNAL);
    symlink("below/b", &journal).unwrap();
    assert!(matches!(complete(folder.path()), Err(Error::Read { .. })));
    fs::remove_file(&journal).unwrap();
    fs::create_dir(&journal).unwrap();
    assert!(matches!(complete(folder.path()), Err(Error::Read { .. })));
    fs::remove_dir(&journal).unwrap();
    killed(folder.path(), &files, 0);
    if std::os::unix::fs::chown(&journal, Some(12345), None).is_err() {
        println!("SKIP: only root gives files away");
        return;
    }
    assert!(matches!(complete(folder.path()), Err(Error::Read { .. })));
    assert_eq!(contents(&files), ["old"; 3]);
}
