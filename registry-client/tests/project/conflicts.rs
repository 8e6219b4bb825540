//! Conflicts as git leaves them.

use std::fs;
use std::path::Path;
use std::process::Command;
use tenon_registry_client::project::conflict::{ConflictError, has_markers, sides};

#[test]
fn both_sides_are_had_back() {
    let merge = "a\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> other branch\nz\n<<<<<<<\n=======\nmore\n>>>>>>>";
    let ours = "a\nours\nz\n".to_owned();
    let theirs = "a\ntheirs\nz\nmore\n".to_owned();
    assert_eq!(sides(merge), Ok(Some((ours.clone(), theirs.clone()))));
    let diff3 = merge.replacen(
        "=======",
        "||||||| 1234567\n<<<<<<<<< inner\nbase\n=========\nbase\n>>>>>>>>> inner\n=======",
        1,
    );
    assert_eq!(sides(&diff3), Ok(Some((ours.clone(), theirs.clone()))));
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(sides(&crlf(&diff3)), Ok(Some((crlf(&ours), crlf(&theirs)))));
    // What git does not write is no marker.
    for text in [
        "",
        "a\n",
        "=======\n",
        "<<<<<<\n",
        "<<<<<<<x\n",
        " <<<<<<< x\n",
        "a <<<<<<< x\n",
        "<<<<<<<< x\n",
    ] {
        assert!(!has_markers(text), "{text}");
        assert_eq!(sides(text), Ok(None));
    }
    let heading = "x\n=======\n<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n";
    let (ours, theirs) = sides(heading).unwrap().unwrap();
    assert_eq!((&*ours, &*theirs), ("x\n=======\n1\n", "x\n=======\n2\n"));
}

#[test]
fn what_is_no_whole_conflict_is_refused() {
    for (text, wanted, words) in [
        (
            "<<<<<<< a\n<<<<<<< b\n",
            ConflictError::Nested { line: 2 },
            "line 2: a merge conflict begins inside another one",
        ),
        (
            "<<<<<<< a\n||||||| b\n<<<<<<< b\n",
            ConflictError::Nested { line: 3 },
            "line 3: a merge conflict begins inside another one",
        ),
        (
            "<<<<<<< a\n=======\n<<<<<<< b\n",
            ConflictError::Nested { line: 3 },
            "line 3: a merge conflict begins inside another one",
        ),
        (
            "a\n>>>>>>> a\n",
            ConflictError::Stray { line: 2 },
            "line 2: this marker of a merge conflict belongs to none that began",
        ),
        (
            "||||||| a\n",
            ConflictError::Stray { line: 1 },
            "line 1: this marker of a merge conflict belongs to none that began",
        ),
        (
            "<<<<<<< a\n>>>>>>> a\n",
            ConflictError::Stray { line: 2 },
            "line 2: this marker of a merge conflict belongs to none that began",
        ),
        (
            "<<<<<<< a\n=======\n=======\n>>>>>>> a\n",
            ConflictError::Stray { line: 3 },
            "line 3: this marker of a merge conflict belongs to none that began",
        ),
        (
            "<<<<<<< a\n|||||||\n|||||||\n",
            ConflictError::Stray { line: 3 },
            "line 3: this marker of a merge conflict belongs to none that began",
        ),
        (
            "<<<<<<< a\n=======\n>>>>>>> a\nb\n<<<<<<< a\n=======\n",
            ConflictError::Unfinished { line: 5 },
            "line 5: the merge conflict that begins here does not end",
        ),
    ] {
        assert!(has_markers(text));
        assert_eq!(sides(text), Err(wanted), "{text}");
        assert_eq!(wanted.to_string(), words);
    }
}

/// What git makes of it when both sides of a file are merged.
fn merged(folder: &Path, base: &str, ours: &str, theirs: &str, style: &str) -> Option<String> {
    let git = |arguments: &[&str]| {
        let config = [
            "user.name=a",
            "user.email=a@b",
            "core.autocrlf=false",
            "commit.gpgsign=false",
        ];
        let mut command = Command::new("git");
        for one in config {
            command.args(["-c", one]);
        }
        // Another repository that the test may run for is none of its business.
        for other in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(other);
        }
        command.args(["-c", &format!("merge.conflictStyle={style}")]);
        let run = command.args(arguments).current_dir(folder).output();
        run.map(|output| output.status.success()).ok()
    };
    git(&["init", "-q", "-b", "ours"])?;
    let commit = |text: &str| {
        fs::write(folder.join("tenon.lock"), text).unwrap();
        git(&["add", "tenon.lock"]).unwrap();
        assert!(git(&["commit", "-q", "-m", "x"]).unwrap());
    };
    commit(base);
    assert!(git(&["checkout", "-q", "-b", "theirs"]).unwrap());
    commit(theirs);
    assert!(git(&["checkout", "-q", "ours"]).unwrap());
    commit(ours);
    assert!(
        !git(&["merge", "-q", "theirs"]).unwrap(),
        "there must be a conflict"
    );
    Some(fs::read_to_string(folder.join("tenon.lock")).unwrap())
}

#[test]
fn what_git_leaves_is_taken_apart() {
    let base = crate::locks::example().to_string();
    let ours = base
        .replacen("1.0.0", "1.1.0", 1)
        .replacen("index = 12", "index = 13", 1);
    let theirs = base
        .replacen("1.0.0", "1.2.0", 1)
        .replacen("index = 12", "index = 14", 1);
    for style in ["merge", "diff3", "zdiff3"] {
        for ends in ["\n", "\r\n"] {
            let as_file = |text: &str| text.replace('\n', ends);
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("project-conflict");
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            let merged = merged(
                &folder,
                &as_file(&base),
                &as_file(&ours),
                &as_file(&theirs),
                style,
            );
            // Without git, the texts above have to do.
            let Some(merged) = merged else { return };
            assert_eq!(merged.contains("|||||||"), style != "merge");
            assert!(merged.matches("<<<<<<<").count() >= 2, "{merged}");
            let wanted = (as_file(&ours), as_file(&theirs));
            assert_eq!(sides(&merged), Ok(Some(wanted)), "{style} {ends:?}");
        }
    }
}
