# METADATA
# title: Names of the lists in data by type of the resource
package mcpguard.lib.kinds

# METADATA
# title: The list that names resources of this type
# description: Undefined for what is no item.
of("tool") := "tools"

of("prompt") := "prompts"

of("resource") := "resources"

of("resource_template") := "resources"

# METADATA
# title: A list of this name exists
exists("tools") := true

exists("prompts") := true

exists("resources") := true
