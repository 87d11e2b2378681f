package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"pons/fault"
)

// configFile is the configuration file: names of flags and their values. What the command line says wins over the
// environment, which wins over the file, which wins over the defaults.
type configFile struct {
	path string // empty: there is none
	keys []configKey
}

type configKey struct {
	name, value string
	line        int
}

func (f *configFile) get(name string) (configKey, bool) {
	for _, k := range f.keys {
		if k.name == name {
			return k, true
		}
	}
	return configKey{}, false
}

// BeforeResolve reads the configuration file once the command line has said which, and lets it answer for flags
// that neither the command line nor the environment sets.
func (s *Settings) BeforeResolve(app *kong.Kong, ctx *kong.Context) error {
	said := func(name, env, otherwise string) string {
		for _, p := range ctx.Path {
			if p.Flag != nil && p.Flag.Name == name {
				if v, ok := ctx.FlagValue(p.Flag).(string); ok {
					return v
				}
			}
		}
		if v, ok := os.LookupEnv(env); ok {
			return v
		}
		return otherwise
	}
	path := said("config", "PONS_CONFIG", "")
	must := path != ""
	if !must {
		path = filepath.Join(said("data", "PONS_DATA", "pons-data"), "pons.yaml")
	}
	file, err := readConfig(path, must)
	if err != nil {
		return err
	}
	if err := file.check(flags(app.Model.Node)); err != nil {
		return err
	}
	s.file = file
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, env := range flag.Envs {
			if _, ok := os.LookupEnv(env); ok {
				return nil, nil
			}
		}
		if k, ok := file.get(flag.Name); ok {
			return k.value, nil
		}
		return nil, nil
	}))
	return nil
}

// readConfig reads a flat YAML mapping. A file that is not there is empty, unless it was asked for by name.
func readConfig(path string, must bool) (*configFile, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return &configFile{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	file := &configFile{path: path}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	if len(doc.Content) == 0 {
		return file, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("configuration %s, line %d: lines of `name: value` are expected: %w", path, root.Line, fault.Invalid)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if value.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("configuration %s, line %d: %s must be a single value: %w", path, value.Line, key.Value, fault.Invalid)
		}
		if _, twice := file.get(key.Value); twice {
			return nil, fmt.Errorf("configuration %s, line %d: %s stands there twice: %w", path, key.Line, key.Value, fault.Invalid)
		}
		file.keys = append(file.keys, configKey{key.Value, value.Value, key.Line})
	}
	return file, nil
}

// check refuses names that no command has as a flag.
func (f *configFile) check(known []*kong.Flag) error {
	names := map[string]bool{}
	for _, flag := range known {
		names[flag.Name] = flag.Tag != nil && !flag.Hidden
	}
	for _, k := range f.keys {
		if !names[k.name] || k.name == "config" {
			return fmt.Errorf("configuration %s, line %d: there is no setting %q; `pons config dump` lists them all: %w", f.path, k.line, k.name, fault.Invalid)
		}
	}
	return nil
}

// flags are those that a configuration file may set: those of all commands and those of `serve`, which are the ones
// a server is run with.
func flags(root *kong.Node) []*kong.Flag {
	out := root.Flags
	for _, child := range root.Children {
		if child.Name == "serve" {
			out = append(out[:len(out):len(out)], child.Flags...)
		}
	}
	return out
}

// ConfigCommand is about the configuration.
type ConfigCommand struct {
	Check ConfigCheck `cmd:"" help:"Read the configuration file and say what is wrong with it."`
	Dump  ConfigDump  `cmd:"" help:"Show every setting of the server, its value and where that comes from."`
}

// ConfigCheck reads the file; what is wrong ended the command before it ran.
type ConfigCheck struct{}

// Run says which file was read.
func (ConfigCheck) Run(s *session) error {
	if s.file.path == "" {
		_, err := fmt.Fprintf(s.Out, "no configuration file; defaults and environment are in force (%s would be read)\n", filepath.Join(s.Data, "pons.yaml"))
		return err
	}
	for _, k := range s.file.keys {
		var all struct {
			ServeCommand
			Settings
		}
		alone, err := kong.New(&all)
		if err != nil {
			return err
		}
		if _, err := alone.Parse([]string{"--config=" + s.file.path, "--" + k.name + "=" + k.value}); err != nil {
			return fmt.Errorf("configuration %s, line %d: %w", s.file.path, k.line, err)
		}
	}
	_, err := fmt.Fprintf(s.Out, "%s is well: %d settings\n", s.file.path, len(s.file.keys))
	return err
}

// ConfigDump shows what is in force.
type ConfigDump struct{}

var dsnPassword = regexp.MustCompile(`(?i)(password\s*=\s*)('[^']*'|\S+)`)

// redacted hides the password of a connection string, in either of its two spellings.
func redacted(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		q := u.Query()
		if q.Has("password") {
			q.Set("password", "xxxxx")
			u.RawQuery = q.Encode()
		}
		return u.Redacted()
	}
	return dsnPassword.ReplaceAllString(dsn, "${1}xxxxx")
}

// Run prints a line a setting, in the form of the configuration file.
func (ConfigDump) Run(s *session) error {
	for _, flag := range flags(s.parsed.Model.Node) {
		if flag.Name == "help" || flag.Name == "config" || flag.Hidden {
			continue
		}
		value, from := flag.Default, "default"
		if flag.IsBool() && value == "" {
			value = "false"
		}
		if k, ok := s.file.get(flag.Name); ok {
			value, from = k.value, fmt.Sprintf("%s, line %d", s.file.path, k.line)
		}
		for _, env := range flag.Envs {
			if v, ok := os.LookupEnv(env); ok {
				value, from = v, "environment "+env
			}
		}
		for _, p := range s.parsed.Path {
			if p.Flag != nil && p.Flag.Name == flag.Name && !p.Resolved {
				value, from = fmt.Sprint(s.parsed.FlagValue(p.Flag)), "command line"
			}
		}
		if flag.Name == "postgres" {
			value = redacted(value)
		}
		line, err := yaml.Marshal(map[string]string{flag.Name: value})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.Out, "%-40s # %s\n", strings.TrimSpace(string(line)), from); err != nil {
			return err
		}
	}
	return nil
}
