package stoa_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"stoa.dev/stoa"
)

const headerPath = "../../include/stoa.h"

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// The package's own files, as one text.
func sources(t *testing.T) (all string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	must(t, err)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			all += contents(t, path)
		}
	}
	return all
}

func TestEveryFunctionOfTheHeaderIsBound(t *testing.T) {
	t.Parallel()
	all, readme := sources(t), contents(t, "README.md")
	_, notBound, _ := strings.Cut(readme, "Not bound")
	functions := regexp.MustCompile(`(?m)^[a-z].*?[ *](stoa_\w+)\(`).FindAllStringSubmatch(contents(t, headerPath), -1)
	if len(functions) < 80 {
		t.Fatalf("the header has %d functions", len(functions))
	}
	for _, f := range functions {
		bound := regexp.MustCompile(`C\.` + f[1] + `\b`).MatchString(all)
		if said := regexp.MustCompile("`" + f[1] + "`").MatchString(notBound); bound == said && f[1] != "stoa_last_error" {
			t.Errorf("%s: bound %v, and said not to be: %v", f[1], bound, said)
		}
	}
}

// Each constant is one of Go by the same name: STOA_ERROR_BAD_TOKEN is ErrBadToken. Those of events are cases of the switch.
func TestEveryConstantOfTheHeaderIsHere(t *testing.T) {
	t.Parallel()
	plain := func(name string) string {
		name = strings.ToLower(strings.ReplaceAll(name, "_", ""))
		return strings.Replace(name, "error", "err", 1)
	}
	all := sources(t)
	here := map[string]string{}
	for _, c := range regexp.MustCompile(`(?:const )?(\w+)(?: +\w+)? += C\.STOA_(\w+)`).FindAllStringSubmatch(all, -1) {
		here[c[2]] = plain(c[1])
	}
	for _, c := range regexp.MustCompile(`case C\.STOA_EVENT_(\w+):\n(?:\t\tif .*\n)?.*return (\w+)\{`).FindAllStringSubmatch(all, -1) {
		here["EVENT_"+c[1]] = "event" + plain(c[2])
	}
	constants := regexp.MustCompile(`(?m)^#define STOA_(\w+) \(?-?\d+\)?$`).FindAllStringSubmatch(contents(t, headerPath), -1)
	if len(constants) < 100 {
		t.Fatalf("the header has %d constants", len(constants))
	}
	for _, c := range constants {
		name := c[1]
		switch name {
		case "VERSION_NUMBER", "OK", "END_OF_STREAM", "EVENT_FLAG_MUTED", "EVENT_FLAG_RELIABLE", "EVENT_FLAG_SPEAKING": // nil, io.EOF, bools
			continue
		case "TIMED_OUT", "QUEUE_FULL", "INTERRUPTED":
			here[name] = strings.TrimPrefix(here[name], "err")
		case "LOG_ERROR":
			here[name] = strings.Replace(here[name], "error", "err", 1)
		}
		if here[name] != plain(name) {
			t.Errorf("STOA_%s is %q", name, here[name])
		}
	}
}

// Members of option structs are set, those of frames and events read, and those of statistics are fields, in the header's order.
func TestEveryMemberOfTheHeaderIsHere(t *testing.T) {
	t.Parallel()
	all := sources(t)
	statistics := map[string]reflect.Type{
		"stoa_delay":         reflect.TypeFor[stoa.Delay](),
		"stoa_engine_stats":  reflect.TypeFor[stoa.EngineStats](),
		"stoa_server_stats":  reflect.TypeFor[stoa.ServerStats](),
		"stoa_channel_stats": reflect.TypeFor[stoa.ChannelStats](),
		"stoa_stream_stats":  reflect.TypeFor[stoa.StreamStats](),
	}
	structs := regexp.MustCompile(`(?s)typedef struct (stoa_\w+) \{(.*?)\n\}`).FindAllStringSubmatch(contents(t, headerPath), -1)
	equal(t, "how many structs there are", len(structs), 14)
	for _, s := range structs {
		var members, fields []string
		for _, m := range regexp.MustCompile(`(?m)^    [^/\n]*?(\w+);`).FindAllStringSubmatch(s[2], -1) {
			members = append(members, strings.ReplaceAll(m[1], "_", ""))
			name := regexp.MustCompile(`(raw\.` + m[1] + `\b|\b` + m[1] + `:)`)
			switch m[1] {
			case "size", "reserved", "owner", "bytes_per_sample": // always the same, or the library's own
			default:
				if statistics[s[1]] == nil && !name.MatchString(all) {
					t.Errorf("%s.%s is not here", s[1], m[1])
				}
			}
		}
		if statistics[s[1]] != nil {
			for _, field := range reflect.VisibleFields(statistics[s[1]]) {
				fields = append(fields, strings.ToLower(field.Name))
			}
			equal(t, s[1], strings.Join(fields, " "), strings.Join(members, " "))
		}
	}
}

// Whatever is exported says what it is, but for constants and fields, which their types explain.
func TestEverythingExportedIsDocumented(t *testing.T) {
	t.Parallel()
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, parser.ParseComments)
	must(t, err)
	for _, file := range packages["stoa"].Files {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				own := map[string]bool{"Error": true, "Unwrap": true, "When": true} // of interfaces
				if d.Name.IsExported() && !own[d.Name.Name] && !strings.HasPrefix(d.Doc.Text(), d.Name.Name+" ") {
					t.Errorf("%s says not what it does", d.Name.Name)
				}
			case *ast.GenDecl:
				if spec, ok := d.Specs[0].(*ast.TypeSpec); ok && spec.Name.IsExported() && !strings.Contains(d.Doc.Text(), spec.Name.Name+" ") {
					t.Errorf("%s says not what it is", spec.Name.Name)
				}
			}
		}
	}
}

func TestTheProgramOfTheReadmeRuns(t *testing.T) {
	t.Parallel()
	_, program, _ := strings.Cut(contents(t, "README.md"), "```go\n")
	program, _, _ = strings.Cut(program, "```")
	here, err := os.Getwd()
	must(t, err)
	folder := t.TempDir()
	must(t, os.WriteFile(folder+"/main.go", []byte(program), 0o600))
	module := "module readme\n\ngo 1.22\n\nrequire stoa.dev/stoa v0.0.0\n\nreplace stoa.dev/stoa => " + here + "\n"
	must(t, os.WriteFile(folder+"/go.mod", []byte(module), 0o600))
	run := exec.Command("go", "run", ".")
	run.Dir, run.Env = folder, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
	said, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "samples at -") || !strings.HasSuffix(string(said), "ada writes: Do you hear me?\n") {
		t.Fatalf("%v\n%s", err, said)
	}
}
