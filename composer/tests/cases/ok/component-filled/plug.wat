(component
  (component $plugin
    (import "in" (func $in))
    (export "out" (func $in)))
  (export "plugin" (component $plugin)))
