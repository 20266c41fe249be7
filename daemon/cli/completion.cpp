// `tram completion bash`: generated from the same definitions as the command line itself.
#include <ostream>
#include <string>

#include "daemon/cli/commands.h"

namespace tram::cli {

namespace {

/// The words that may follow `app`: its verbs and the long options of it and of the whole program.
std::string words_after(const CLI::App& app, const CLI::App& root) {
    std::string words;
    for (const CLI::App* verb : app.get_subcommands({}))
        words += verb->get_name() + " ";
    const auto add_options = [&](const CLI::App& from) {
        for (const CLI::Option* option : from.get_options()) {
            if (option == from.get_help_ptr() && &from != &app) continue;
            for (const std::string& name : option->get_lnames())
                words += "--" + name + " ";
        }
    };
    add_options(app);
    if (&app != &root) add_options(root);
    return words;
}

void add_cases(std::string& paths, std::string& cases, const CLI::App& app, const std::string& path,
               const CLI::App& root) {
    cases += "        '" + path + "') words='" + words_after(app, root) + "' ;;\n";
    for (const CLI::App* verb : app.get_subcommands({})) {
        const std::string inner = path + " " + verb->get_name();
        paths += (paths.empty() ? "'" : "|'") + inner + "'";
        add_cases(paths, cases, *verb, inner, root);
    }
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    std::string paths;
    std::string cases;
    add_cases(paths, cases, app, "", app);
    return "_tram() {\n"
           "    local current=\"${COMP_WORDS[COMP_CWORD]}\" path='' word words=''\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$path $word\" in\n"
           "        " +
           paths +
           ") path=\"$path $word\" ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$path\" in\n" +
           cases +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _tram tram\n";
}

void add_completion(CLI::App& app, Context& context, Action& action) {
    auto* completion = app.add_subcommand("completion", "a script that completes commands and options");
    completion->require_subcommand(1);
    auto* bash = completion->add_subcommand("bash", "for bash: source <(tram completion bash)");
    bash->callback([&] {
        action = [&app, &context] {
            context.out << bash_completion(app);
            return kExitFine;
        };
    });
}

}  // namespace tram::cli
